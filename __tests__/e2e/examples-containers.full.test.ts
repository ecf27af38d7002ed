import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, must, onHost, projectFolder, serveRegistry } from "../../scripts/lab/index.mjs";
import { runWorkflow } from "./support/act.js";
import { expectNoTraces } from "./support/expect.js";
import { inventory, knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const login = { username: "deployer", password: secret("registry") };

// The image is built by this machine's engine and pulled by the host's, from a registry that both reach at one address.
describe("examples/workflows/containers.yml", () => {
  let trial: Trial;
  let project: Project;
  let host: Host;
  let registry: string;

  beforeAll(async () => {
    trial = await startTrial("image");
    host = await trial.host({ name: "docker1", suite: "trixie", kind: "engine", ports: [5000] });
    registry = `127.0.0.1:${host.ports[5000]}`;
    await serveRegistry(host, login);
    await onHost(
      host,
      `
# The registry listens on the host's loopback; both the published port and the same number inside lead to it.
cat > /etc/systemd/system/registry-proxy@.socket <<'UNIT'
[Socket]
ListenStream=%i
UNIT
cat > /etc/systemd/system/registry-proxy@.service <<'UNIT'
[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:5000
UNIT
systemctl start 'registry-proxy@127.0.0.1:${host.ports[5000]}.socket' 'registry-proxy@${host.innerAddress}:5000.socket'
`,
    );
    project = await createProject(trial, "examples/mysite");
    project.write("inventory/production.yml", inventory([host]));
    project.write(
      "Dockerfile",
      'FROM scratch\nCOPY busybox /busybox\nCOPY www /www\nCMD ["/busybox", "httpd", "-f", "-p", "8000", "-h", "/www"]\n',
    );
    project.write("www/index.html", "Built earlier\n");
    await must(["sh", "-c", `docker exec ${host.container} cat /bin/busybox > ${join(project.folder, "busybox")}`]);
    await must(["chmod", "0755", join(project.folder, "busybox")]);
    project.write(
      "compose.yml",
      `services:\n  web:\n    image: ${registry}/example/mysite:\${TAG}\n    ports: ["80:8000"]\n    stop_grace_period: 1s\n`,
    );
    await project.commit("Serve a page from a container");
  });

  afterAll(async () => {
    await must([
      "sh",
      "-c",
      `docker image ls --quiet '${registry}/example/mysite' | xargs --no-run-if-empty docker image rm --force`,
    ]);
    await trial?.end();
  });

  test("builds in one job and deploys in the next", async () => {
    const run = await runWorkflow(trial, join(projectFolder, "examples/workflows/containers.yml"), {
      project,
      secrets: { SSH_PRIVATE_KEY: trial.key.text, REGISTRY_PASSWORD: login.password },
      vars: { KNOWN_HOSTS: knownHosts([host]), REGISTRY: registry, REGISTRY_USERNAME: login.username },
      event: { name: "push" },
    });
    expect(run.code, run.log).toBe(0);
    expect(await fetchPage(host, "mysite.example")).toMatchObject({ status: 200, body: "Built earlier\n" });
    expectNoTraces(trial, run);
  });
});
