import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, reboot, run } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

let trial: Trial;
let project: Project;
let host: Host;
let other: Host;
let harden: (request?: DeployRequest) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("host-baseline");
  [host, other] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "base" }),
    trial.host({ name: "other1", suite: "trixie", kind: "base" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  project.write(
    "harden.yml",
    `- hosts: all
  gather_facts: false
  become: true
  roles:
    - role: django_ansible.deploy.host_baseline
      host_baseline_ports: [80, {port: 5432, from: ${other.innerAddress}}, {port: 6379, from: 192.0.2.1}]
`,
  );
  await project.commit("Harden the host");
  const deploy = directly(trial, project, [host]);
  harden = (request = {}) => deploy({ ...request, inputs: { playbook: "harden.yml" } });
  for (const port of [80, 5432, 6379, 8080]) {
    await onHost(host, `systemd-run --quiet --unit=listen-${port} python3 -m http.server ${port}`);
  }
});

afterAll(() => trial?.end());

/** What another host of the network reaches. */
async function open(): Promise<number[]> {
  const found: number[] = [];
  for (const port of [80, 5432, 6379, 8080]) {
    const script = `exec 3<>/dev/tcp/${host.innerAddress}/${port}`;
    if ((await run(["docker", "exec", other.container, "timeout", "2", "bash", "-c", script])).code === 0)
      found.push(port);
  }
  return found;
}

test("a user without a key is not locked out", async () => {
  // A certificate or a command that knows keys would be another way in.
  await onHost(
    host,
    "mv /home/deploy/.ssh/authorized_keys /etc/ssh/keys-of-deploy; echo 'AuthorizedKeysFile /etc/ssh/keys-of-deploy .ssh/authorized_keys' > /etc/ssh/sshd_config.d/50-lab.conf; systemctl reload ssh",
  );
  const result = await harden();
  expectRefused(result, /user deploy has no ~\/\.ssh\/authorized_keys on this host/);
  await onHost(
    host,
    "mv /etc/ssh/keys-of-deploy /home/deploy/.ssh/authorized_keys; rm /etc/ssh/sshd_config.d/50-lab.conf; systemctl reload ssh",
  );
});

test("what is not needed is closed, and who deploys still gets in", async () => {
  await expect.poll(open, { timeout: 20_000 }).toEqual([80, 5432, 6379, 8080]);
  const result = await harden();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
  expect(await open()).toEqual([80, 5432]);
  const settings = await onHost(host, "sshd -T | grep -E '^(passwordauthentication|permitrootlogin|x11forwarding) '");
  expect(settings.split("\n").sort()).toEqual([
    "passwordauthentication no",
    "permitrootlogin without-password",
    "x11forwarding no",
  ]);
  expect(await onHost(host, "apt-config dump APT::Periodic::Unattended-Upgrade")).toContain('"1"');
  expect(await onHost(host, "systemctl list-timers --all | grep -c host-baseline-undo || true")).toBe("0");
});

test("a second run changes nothing, and a restart keeps it", async () => {
  const result = await harden();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  await reboot(host);
  await onHost(
    host,
    "systemd-run --quiet --unit=listen-80 python3 -m http.server 80; systemd-run --quiet --unit=listen-8080 python3 -m http.server 8080",
  );
  await expect.poll(open, { timeout: 20_000 }).toEqual([80]);
});

test("a change after which nobody logs in goes back by itself to what was seen to work", async () => {
  project.write("harden.yml", project.read("harden.yml").replace("[80, ", "["));
  let closed: Promise<string> | undefined;
  const result = await harden({
    say: (line) => {
      if (line.includes("Start the firewall")) closed ??= onHost(host, "systemctl stop ssh; pkill -f 'sshd: deploy'");
    },
  });
  await closed;
  expect(result.outputs, result.log).toMatchObject({ status: "failed", "unreachable-host-names": '["app1"]' });
  expect(await open()).toEqual([]);
  await expect.poll(open, { timeout: 150_000, interval: 5_000 }).toEqual([80]);
  await onHost(host, "systemctl start ssh");
  const again = await harden();
  expect(again.outputs.status, again.log).toBe("succeeded");
  expect(await open()).toEqual([]);
}, 400_000);
