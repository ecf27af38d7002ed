import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, onHost, serveRegistry } from "../../scripts/lab/index.mjs";
import { runWorkflow, type WorkflowRun } from "./support/act.js";
import { image, publish } from "./support/containers.js";
import { expectNoTraces, expectSuccess } from "./support/expect.js";
import { knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const login = { username: "deployer", password: secret("registry") };
const sudo = secret("sudo");

let trial: Trial;
let project: Project;
let host: Host;

beforeAll(async () => {
  trial = await startTrial("container");
  host = await trial.host({ name: "docker1", suite: "trixie", kind: "engine", password: sudo });
  await serveRegistry(host, login);
  await publish(host, login, "1");
  project = await createProject(trial, "examples/mysite");
  project.write(
    "compose.yml",
    `services:
  web:
    image: ${image()}
    ports: ["80:8000"]
    stop_grace_period: 1s
    healthcheck:
      test: ["CMD", "/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/"]
      interval: 1s
      timeout: 5s
      retries: 20
`,
  );
  await project.commit("Serve a page from a container");
});

afterAll(() => trial?.end());

function deploy(): Promise<WorkflowRun> {
  return runWorkflow(trial, "container.yml", {
    project,
    secrets: { SSH_PRIVATE_KEY: trial.key.text, BECOME_PASSWORD: sudo, REGISTRY_PASSWORD: login.password },
    vars: {
      HOSTS: `docker1 deploy@127.0.0.1:${host.sshPort}`,
      KNOWN_HOSTS: knownHosts([host]),
      REGISTRY_USERNAME: login.username,
    },
  });
}

async function expectPage(version: string): Promise<void> {
  expect(await fetchPage(host, "mysite.example")).toMatchObject({ status: 200, body: `Version ${version}\n` });
}

/** The login was for that one pull. */
async function expectNoLoginOnHost(): Promise<void> {
  expect(await onHost(host, "ls /root/.docker /home/deploy/.docker 2>/dev/null || true")).toBe("");
  expect(await onHost(host, `grep -rlF '${login.password}' /root /home /etc /tmp /run /var/tmp || true`)).toBe("");
}

const webContainer = (): Promise<string> => onHost(host, "docker ps --quiet --no-trunc");
const digest = (run: WorkflowRun): string => JSON.parse(run.outputs.release ?? "{}").web;

describe("container mode with a registry that asks for a login", () => {
  let first: WorkflowRun;
  let container = "";

  test("a first deploy pulls, starts and waits for health", async () => {
    first = await deploy();
    expectSuccess(first, { total: 1, changed: ["docker1"] });
    expect(digest(first)).toMatch(/sha256:[0-9a-f]{64}/);
    await expectPage("1");
    await expectNoLoginOnHost();
    expectNoTraces(trial, first);
    container = await webContainer();
  });

  test("a second deploy leaves the container alone and says so", async () => {
    const run = await deploy();
    expectSuccess(run, { total: 1, changed: [] });
    expect(await webContainer()).toBe(container);
    expect(digest(run)).toBe(digest(first));
    await expectNoLoginOnHost();
    expectNoTraces(trial, run);
  });

  test("a new image under the same tag replaces the container", async () => {
    await publish(host, login, "2");
    const run = await deploy();
    expectSuccess(run, { total: 1, changed: ["docker1"] });
    await expectPage("2");
    expect(await webContainer()).not.toBe(container);
    expect(digest(run)).not.toBe(digest(first));
    expect(JSON.parse(run.outputs["previous-release"] ?? "{}").web).toBe(digest(first));
    await expectNoLoginOnHost();
    expectNoTraces(trial, run);
  });
});
