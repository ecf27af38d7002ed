import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ResultEvent, RunEvent } from "../../src/ansible/events.js";
import type { Play } from "../../src/play/play-parts.js";
import { unreachableCauses } from "../../src/play/unreachable.js";
import { extended } from "../../src/process/program-environment.js";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";
import { createInputs } from "../support/inputs.js";
import { createPlay } from "../support/play.js";

const REFUSED = "ssh: connect to host 192.0.2.7 port 22: Connection refused";
const UNKNOWN =
  "No ED25519 host key is known for 192.0.2.7 and you have requested strict checking.\nHost key verification failed.";

/** A result of a task; a failure that has nothing to do with the way to the host. */
const result = (host: string, more: Partial<ResultEvent> = {}): RunEvent =>
  ({
    ...{ event: "result", host, task: "1", name: "Do", action: "command", status: "failed", msg: "no" },
    ...more,
  }) as ResultEvent;
const unreachable = (host: string) => result(host, { status: "unreachable", msg: "Failed to connect" });

/** Finds causes with an inventory of two hosts and an ssh that says this. */
async function causes(events: readonly RunEvent[], said: string = REFUSED, change: Partial<Play> = {}) {
  const hostvars = JSON.stringify({ _meta: { hostvars: { web1: { ansible_host: "192.0.2.7" }, "s3cret-1": {} } } });
  const made = createPlay(`echo '${hostvars}'`, () => change);
  const ssh = join(made.base, "bin", "ssh");
  writeFileSync(ssh, `#!/bin/sh\necho "$@" >> '${made.base}/ssh'\ncat >&2 <<'END'\n${said}\nEND\nexit 255\n`);
  chmodSync(ssh, 0o755);
  const { identity } = made.play;
  const env = extended(made.play.env, change.env ?? {});
  const path = { PATH: made.play.env.PATH ?? "" };
  const play = { ...made.play, env: extended(createPlay("").play.env, { ...env, ...path }) };
  const base = made.base;
  const found = await unreachableCauses(
    { ...play, env: extended(play.env, { PATH: `${join(base, "bin")}:${process.env.PATH}` }) },
    identity,
    events,
  );
  return { found: Object.fromEntries(found), started: made.started(), ssh: made.lines("ssh") };
}

describe("unreachableCauses", () => {
  it("costs a run nothing whose hosts were reached", async () => {
    const { found, started, ssh } = await causes([result("web1"), result("web1", { status: "ok" } as object)]);
    expect([found, started, ssh]).toEqual([{}, [], []]);
  });

  it("says why a host is not reached, once, and without a secret", async () => {
    const { found, started, ssh } = await causes([unreachable("web1"), unreachable("web1"), unreachable("s3cret-1")]);
    expect(found).toEqual({
      web1: "web1 (192.0.2.7) refuses connections: no sshd listens on that address and port; check both.",
      "s3cret-1": "***-1 refuses connections: no sshd listens on that address and port; check both.",
    });
    expect(started).toEqual(["-P -m ansible inventory --inventory /p/hosts.yml --list"]);
    expect(ssh.length).toBe(2);
  });

  it.each(["msg", "stderr", "stdout"])(
    "asks also where Ansible's %s says that it cannot run on a host",
    async (where) => {
      const { found } = await causes([result("web1", { msg: "failed", [where]: "x\npython3: not found" })]);
      expect(Object.keys(found)).toEqual(["web1"]);
    },
  );

  it("asks nobody once the run is to end", async () => {
    const { found, started } = await causes([unreachable("web1")], REFUSED, { signal: AbortSignal.abort() });
    expect([found, started]).toEqual([{}, []]);
  });

  it.each([
    ["", "the runner's known_hosts files, and known-hosts is empty"],
    ["192.0.2.8 ssh-ed25519 AAAA", "known-hosts"],
  ])("names where the key of a host was looked for: known-hosts %j", async (knownHosts, place) => {
    const { found } = await causes([unreachable("web1")], UNKNOWN, { inputs: createInputs({ knownHosts }) });
    expect(found.web1).toContain(`The host key of web1 is not in ${place}.`);
  });

  it("goes the way that Ansible goes, by the job's settings before those of ansible.cfg", async () => {
    const cfg = { path: "/p/ansible.cfg", settings: parseAnsibleCfg("[ssh_connection]\nssh_args = -o FromCfg=yes\n") };
    const project = { ...createPlay("").play.project, cfg };
    const byCfg = await causes([unreachable("web1")], REFUSED, { project });
    expect(byCfg.ssh[0]).toContain("-o FromCfg=yes");
    const env = extended(createPlay("").play.env, {
      ANSIBLE_SSH_ARGS: "-o One=1",
      ANSIBLE_SSH_COMMON_ARGS: "-F '/p/with blank'",
      ANSIBLE_SSH_EXTRA_ARGS: "-o Three=3",
    });
    const byJob = await causes([unreachable("web1")], REFUSED, { project, env });
    expect(byJob.ssh[0]).toContain("-o One=1 -F /p/with blank -o Three=3 192.0.2.7");
    expect(byJob.ssh[0]).not.toContain("FromCfg");
  });
});
