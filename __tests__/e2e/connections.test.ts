import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, copyToHost, type Host, makeKey, must, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { knownHosts } from "./support/inventory.js";
import { blackHole, closedPort, type Listener, silent } from "./support/listeners.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// A playbook of the user's own that says who it is on each host: what is tested is the way there.
const whoami = `
- hosts: all
  gather_facts: false
  tasks:
    - name: Say who this is
      ansible.builtin.command: id -un
      changed_when: false
      become: "{{ sudo | default(false) }}"
`;

const sudo = secret("sudo");

let trial: Trial;
let project: Project;
let app1: Host;
/** Reached directly, and the way to the others' inner addresses. */
let bastion: Host;
let run: (request?: DeployRequest) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("connections");
  [app1, bastion] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "base", password: sudo }),
    trial.host({ name: "bastion", suite: "trixie", kind: "base" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("whoami.yml", whoami);
  await project.commit("A playbook of its own");
  const start = directly(trial, project, [app1, bastion]);
  run = (request = {}) =>
    start({
      ...request,
      inputs: { "inventory-file": "", playbook: "whoami.yml", hosts: `app1 ${at(app1)}`, ...request.inputs },
      env: { HOME: trial.home, ...request.env },
    });
});

afterAll(() => trial?.end());

const at = (host: Host, user = "deploy"): string => `${user}@${host.address}:${host.sshPort}`;

function expectReached(result: ActionResult, hosts = 1): void {
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "ok-hosts": String(hosts) });
}

describe("keys", () => {
  test.each<[string, (text: string) => string, RegExp]>([
    ["Windows line ends", (text) => text.replaceAll("\n", "\r\n"), /Windows line ends were replaced/],
    ["base64 around it", (text) => Buffer.from(text).toString("base64"), /the base64 around it was decoded/],
    ["literal line ends", (text) => text.trimEnd().replaceAll("\n", "\\n"), /"\\n" was replaced by line ends/],
  ])("a key with %s is repaired, and that is said", async (_, spoil, said) => {
    const result = await run({ inputs: { "ssh-private-key": spoil(trial.key.text) } });
    expectReached(result);
    expect(result.log).toMatch(said);
  });

  test("of several keys the fitting one is found", async () => {
    const other = await makeKey(trial.folder, "other");
    expectReached(await run({ inputs: { "ssh-private-key": `${other.text}${trial.key.text}` } }));
  });

  test("a passphrase goes through an agent that ends with the step", async () => {
    const passphrase = secret("passphrase");
    const file = join(trial.folder, "protected");
    writeFileSync(file, trial.key.text, { mode: 0o600 });
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", passphrase, "-f", file]);
    const inputs = { "ssh-private-key": readFileSync(file, "utf8"), "ssh-private-key-passphrase": passphrase };
    const result = await run({ inputs });
    expectReached(result);
    expect(result.log).not.toContain(passphrase);
    expect(existsSync(result.state.controlFolder ?? "")).toBe(false);
    expect(await must(["ps", "-eo", "args="])).not.toContain(result.state.controlFolder);
    const wrong = await run({ inputs: { ...inputs, "ssh-private-key-passphrase": "wrong" } });
    expectRefused(wrong, /ssh-private-key-passphrase does not open ssh-private-key: check the secret's value/);
  });

  test("the job's own agent, with a certificate in it, is used when no key is given", async () => {
    const [ca, user] = await Promise.all([makeKey(trial.folder, "user-ca"), makeKey(trial.folder, "user")]);
    execFileSync("ssh-keygen", ["-q", "-s", ca.file, "-I", "test", "-n", "deploy", `${user.file}.pub`]);
    await onHost(
      app1,
      `echo '${ca.publicKey}' > /etc/ssh/user_ca.pub
       echo 'TrustedUserCAKeys /etc/ssh/user_ca.pub' > /etc/ssh/sshd_config.d/ca.conf
       systemctl reload ssh`,
    );
    const socket = join(trial.folder, "job-agent");
    const [, pid = ""] =
      /SSH_AGENT_PID=(\d+)/.exec(execFileSync("ssh-agent", ["-s", "-a", socket], { encoding: "utf8" })) ?? [];
    try {
      execFileSync("ssh-add", ["-q", user.file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      expectReached(await run({ inputs: { "ssh-private-key": "" }, env: { SSH_AUTH_SOCK: socket } }));
    } finally {
      process.kill(Number(pid));
    }
  });
});

describe("host keys", () => {
  test("a missing one is shown with its fingerprint and the line to store, which then works", async () => {
    const result = await run({ inputs: { "known-hosts": "elsewhere.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" } });
    expectRefused(result, /The host key of app1 is not in known-hosts\. It shows \w+ SHA256:\S+\. Compare/);
    const [, line = ""] = /add this line to known-hosts: (.+)$/m.exec(result.log) ?? [];
    const fingerprint = /SHA256:[A-Za-z0-9+/]+/.exec(result.log)?.[0] ?? "";
    expect(await onHost(app1, "for f in /etc/ssh/ssh_host_*.pub; do ssh-keygen -lf $f; done")).toContain(fingerprint);
    expectReached(await run({ inputs: { "known-hosts": line } }));
  });

  test("another one than the known one is shown beside it", async () => {
    const other = await makeKey(trial.folder, "other-host-key");
    const [type, key] = other.publicKey.split(" ");
    const line = `[${app1.address}]:${app1.sshPort} ${type} ${key}`;
    const result = await run({ inputs: { "known-hosts": line } });
    const known = execFileSync("ssh-keygen", ["-lf", `${other.file}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "?";
    expectRefused(result, /app1 shows another host key than the one in known-hosts: \w+ SHA256:\S+ instead of SHA256:/);
    expect(result.log).toContain(`instead of ${known}.`);
  });

  test("hashed entries and certificate authorities count", async () => {
    const file = join(trial.folder, "hashed");
    writeFileSync(file, `${knownHosts([app1])}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    expectReached(await run({ inputs: { "known-hosts": readFileSync(file, "utf8") } }));

    const ca = await makeKey(trial.folder, "host-ca");
    const hostKey = join(trial.folder, "host.pub");
    writeFileSync(hostKey, await onHost(app1, "cat /etc/ssh/ssh_host_ed25519_key.pub"));
    execFileSync("ssh-keygen", ["-q", "-s", ca.file, "-I", "app1", "-h", "-n", app1.address, hostKey]);
    await copyToHost(app1, join(trial.folder, "host-cert.pub"), "/etc/ssh/ssh_host_ed25519_key-cert.pub");
    await onHost(
      app1,
      `echo 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub' > /etc/ssh/sshd_config.d/cert.conf
       systemctl reload ssh`,
    );
    const known = `@cert-authority [${app1.address}]:${app1.sshPort} ${ca.publicKey}`;
    expectReached(await run({ inputs: { "known-hosts": known } }));
  });

  test.each(["accept-new", "off"])("%s works, warns, and leaves the runner's own files alone", async (checking) => {
    const result = await run({ inputs: { "known-hosts": "", "host-key-checking": checking } });
    expectReached(result);
    expect(result.log).toMatch(new RegExp(`^Warning: host-key-checking is ${checking}: `, "m"));
    expect(existsSync(join(trial.home, ".ssh"))).toBe(false);
  });
});

describe("a bastion", () => {
  const inner = (host: Host): string => `app1 deploy@${host.innerAddress}`;
  const innerKeys = (host: Host): string =>
    host.hostKeyLines.map((line) => line.replace(/^\S+/, host.innerAddress)).join("\n");

  test("is passed with the same keys and a host key of its own", async () => {
    const inputs = { hosts: inner(app1), "jump-host": at(bastion) };
    expectReached(await run({ inputs: { ...inputs, "known-hosts": `${knownHosts([bastion])}\n${innerKeys(app1)}` } }));

    const unknown = await run({ inputs: { ...inputs, "known-hosts": innerKeys(app1) } });
    expectRefused(
      unknown,
      /The host key of the jump host \[127\.0\.0\.1\]:\d+ is not in known-hosts\. It shows \w+ SHA256/,
    );
    const [, line = ""] = /add this line to known-hosts: (.+)$/m.exec(unknown.log) ?? [];
    expectReached(await run({ inputs: { ...inputs, "known-hosts": `${line}\n${innerKeys(app1)}` } }));
  });

  test("can be a chain, beside ssh_args of the project's own", async () => {
    project.write("ansible.cfg", "[ssh_connection]\nssh_args = -o ServerAliveInterval=7 -o ControlMaster=auto\n");
    const known = [knownHosts([bastion]), innerKeys(bastion), innerKeys(app1)].join("\n");
    const inputs = { hosts: inner(app1), "jump-host": `${at(bastion)}\ndeploy@${bastion.innerAddress}` };
    expectReached(await run({ inputs: { ...inputs, "known-hosts": known } }));
    project.remove("ansible.cfg");
  });

  test("that forwards nothing, or knows no way, is told from the host", async () => {
    const known = `${knownHosts([bastion])}\n${innerKeys(app1)}`;
    const refused = { hosts: `app1 deploy@${app1.innerAddress}:2`, "jump-host": at(bastion), "known-hosts": known };
    expectRefused(
      await run({ inputs: refused }),
      /app1 cannot be reached through jump-host: the bastion finds no sshd/,
    );
    const set = (value: string): Promise<string> =>
      onHost(bastion, `echo AllowTcpForwarding ${value} > /etc/ssh/sshd_config.d/no.conf; systemctl reload ssh`);
    await set("no");
    const inputs = { hosts: inner(app1), "jump-host": at(bastion), "known-hosts": known };
    expectRefused(
      await run({ inputs }),
      /through jump-host: the bastion forbids forwarding: set AllowTcpForwarding yes/,
    );
    await set("yes");
  });
});

describe("why a host is unreachable", () => {
  const listeners: Listener[] = [];
  afterAll(async () => {
    for (const listener of listeners) await listener.close();
  });

  test("is found for each host at once, a sentence each", async () => {
    const [hole, mute, closed] = [await blackHole(), await silent(), await closedPort()];
    listeners.push(hole, mute);
    await onHost(
      app1,
      `useradd --create-home --shell /usr/sbin/nologin shut
       useradd --create-home --shell /bin/bash stranger
       cp -r ~deploy/.ssh ~shut/.ssh && chown -R shut: ~shut/.ssh`,
    );
    const hosts = [
      `app1 ${at(app1)}`,
      "misspelt deploy@nowhere..example",
      `refusing deploy@127.0.0.1:${closed}`,
      `filtered deploy@127.0.0.1:${hole.port}`,
      `mute deploy@127.0.0.1:${mute.port}`,
      `stranger ${at(app1, "stranger")}`,
      `shut ${at(app1, "shut")}`,
      `lost deploy@${app1.innerAddress.replace(/\d+$/, "250")}`,
      ...Array.from({ length: 13 }, (_, index) => `filtered${index} deploy@127.0.0.1:${hole.port}`),
    ];
    // From Ansible's recap to the first sentence.
    const times: number[] = [];
    const say = (line: string): void => {
      if (line.includes("PLAY RECAP") || (times.length === 1 && line.startsWith("Error: "))) times.push(Date.now());
    };
    const result = await run({ inputs: { hosts: hosts.join("\n") }, say });
    expect(result.outputs, result.log).toMatchObject({
      status: "failed",
      "ok-hosts": "1",
      "unreachable-hosts": "19",
      "failed-host-names": '["shut"]',
    });
    const [recap = 0, told = 0] = times;
    console.log(`Diagnosis of 20 hosts: ${((told - recap) / 1000).toFixed(1)} s`);
    expect(told - recap).toBeLessThan(15_000);
    // One for each cause, which names the other hosts of it.
    const errors = result.log.split("\n").filter((line) => line.startsWith("Error: "));
    const fingerprint = execFileSync("ssh-keygen", ["-lf", trial.key.file], { encoding: "utf8" }).split(" ")[1];
    const expected: Record<string, string> = {
      misspelt: "is no name that the runner can resolve",
      refusing: "refuses connections: no sshd listens",
      filtered: "does not answer: a firewall probably drops",
      mute: "accepts connections and says nothing: what listens on that port is no sshd",
      stranger: `does not let the user "stranger" in with ED25519 ${fingerprint}`,
      shut: "lets the user in, but gives no shell: This account is currently not available.",
      lost: "has no route from the runner",
    };
    for (const [name, words] of Object.entries(expected)) {
      const own = errors.filter((line) => new RegExp(`^Error: ${name}\\d*\\b`).test(line));
      expect(own.join("\n"), result.log).toContain(words);
    }
    expect(errors.join("\n")).toContain(`add this line: ${trial.key.publicKey.split(" ").slice(0, 2).join(" ")}`);
  });

  test("a host without Python, and one without space, are named", async () => {
    await onHost(app1, "mkdir /usr/away && mv /usr/bin/python3* /usr/away");
    const without = await run();
    await onHost(app1, "mv /usr/away/* /usr/bin");
    expectRefused(without, /app1 .*has no Python 3/);

    // What a full root file system is for a user, and one that the kernel made read-only after an error.
    await onHost(
      app1,
      `mkdir /mnt/full
       mount -t tmpfs -o size=256k,mode=1777 tmpfs /mnt/full
       cp -a /home/deploy /mnt/full/home
       dd if=/dev/zero of=/mnt/full/rest bs=1k 2>/dev/null || true
       mount --bind /mnt/full/home /home/deploy
       for place in /tmp /var/tmp; do mount --bind /mnt/full $place; done`,
    );
    const full = await run();
    await onHost(app1, "for place in /tmp /var/tmp /home/deploy; do mount -o remount,bind,ro $place; done");
    const frozen = await run();
    await onHost(app1, "umount /tmp /var/tmp /home/deploy /mnt/full");
    expectRefused(full, /app1 .*has no space left in \/home\/deploy\S*: free some/);
    expectRefused(frozen, /app1 .*has a read-only file system at \/home\/deploy/);
  });
});

describe("become", () => {
  const asRoot = { vars: "sudo: true" };
  const tries = (): Promise<string> =>
    onHost(app1, "journalctl --no-pager --identifier sudo | grep -c 'incorrect password' || true");

  test("a wrong password is tried once and said once", async () => {
    const before = Number(await tries());
    const result = await run({ inputs: { ...asRoot, "become-password": "wrong" } });
    expectRefused(result, /become-password is not the right become \(sudo\) password on app1/);
    expect(Number(await tries()) - before).toBe(1);
  });

  test("a missing password is named", async () => {
    expectRefused(
      await run({ inputs: asRoot }),
      /app1 asks for a become \(sudo\) password and become-password is not given/,
    );
  });

  test("a user who may not use sudo is told so", async () => {
    await onHost(
      app1,
      `useradd --create-home --shell /bin/bash guest
       echo 'guest:${sudo}' | chpasswd
       cp -r ~deploy/.ssh ~guest/.ssh && chown -R guest: ~guest/.ssh`,
    );
    const inputs = { ...asRoot, hosts: `app1 ${at(app1, "guest")}`, "become-password": sudo };
    expectRefused(await run({ inputs }), /app1 lets the user in, but the user may not use sudo/);
  });

  test("the password may be a vault text, or a file of the repository that is one", async () => {
    const password = secret("vault");
    project.write("secrets/sudo", sudo);
    await project.encrypt("secrets/sudo", password);
    const vaults = { "vault-passwords": JSON.stringify({ dev: "another", prod: password }) };
    const file = await run({ inputs: { ...asRoot, ...vaults, "become-password": "secrets/sudo" } });
    expectReached(file);
    const text = project.read("secrets/sudo");
    const result = await run({ inputs: { ...asRoot, ...vaults, "become-password": text } });
    expectReached(result);
    expect(result.log).not.toContain(sudo);
  });
});
