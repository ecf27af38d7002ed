import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKey } from "../support/keys.js";
import { processesOf } from "../support/processes.js";
import { VAULT } from "../support/vault.js";
import { ROOT, Runner, type StepResult } from "./support/runner.js";

const LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"';
const HOOK = pathToFileURL(join(ROOT, "__tests__/integration/support/stop-points.mjs")).href;

/** Every kind of thing that a run does before, during and after Ansible; one host cannot be reached, which is explained. */
const INPUTS = {
  playbook: "deploy.yml",
  inventory: `[all]\na ${LOCAL}\nb ansible_host=127.0.0.1 ansible_port=9\n`,
  env: "TOKEN=t0ken-value",
  "become-password": VAULT,
  "vault-password": "right",
  "ssh-private-key": makeKey("-N", "right passphrase").text,
  "ssh-private-key-passphrase": "right passphrase",
  "known-hosts": "127.0.0.1 ssh-ed25519 AAAA",
};
const ROOMY = 8_000;

let runner: Runner;

/** A run that is cancelled at a point; 0 for none. */
async function runWith(at: number): Promise<{ step: StepResult; points: string[]; took: number }> {
  const log = join(runner.base, `points-${at}`);
  writeFileSync(log, "");
  const env = { NODE_OPTIONS: `--import=${HOOK}`, STOP_AT: String(at), STOP_LOG: log, TMPDIR: runner.base };
  const step = await runner.main(INPUTS, { env });
  const lines = readFileSync(log, "utf8").trim().split("\n");
  const stopped = Number(lines.find((line) => line.startsWith("stop "))?.slice(5));
  return { step, points: lines.filter((line) => !line.startsWith("stop ")), took: Date.now() - stopped };
}

describe("a cancel", { timeout: 900_000 }, () => {
  let points: string[] = [];
  beforeAll(async () => {
    runner = new Runner();
    runner.write(
      "deploy.yml",
      "- hosts: all\n  gather_facts: false\n  ignore_unreachable: false\n  tasks:\n    - ansible.builtin.raw: 'true'\n      changed_when: false\n",
    );
    runner.write("group_vars/web/vault.yml", VAULT.replace(/.{8}$/, "36363636"));
    // The first run may have to fill the tool cache.
    await runWith(0);
    const { step, ...rest } = await runWith(0);
    expect(step.outputs["unreachable-host-names"], step.log).toBe('["b"]');
    points = rest.points;
    // The first loads while the rest is looked at and is the run itself. Two say who takes part, and one where the host is that cannot be reached.
    expect(points.filter((point) => /before .*bin\/python$/.test(point)).length).toBe(4);
  }, 120_000);
  afterAll(() => runner.remove());

  it("at each point of a run ends it in time, sets the outputs and leaves nothing", async () => {
    // Before, during and after each program: about 40.
    expect(points.length).toBeGreaterThan(35);
    const all = points.map((_, index) => index + 1);
    const some = all.filter((at) => at % Math.ceil(all.length / 6) === 1);
    const missed: number[] = [];
    for (const at of process.env.DAD_FULL === undefined ? some : all) {
      const { step, took } = await runWith(at);
      const where = `point ${points[at - 1]}\n${step.log}`;
      expect([step.code, step.signal], where).toEqual([1, null]);
      // A run may come by with one program fewer than the one that was counted.
      if (Number.isNaN(took)) {
        missed.push(at);
        continue;
      }
      expect(took, where).toBeLessThan(ROOMY);
      expect(["cancelled", "failed"], where).toContain(step.outputs.status);
      expect(Object.keys(step.outputs).length, where).toBeGreaterThan(15);
      expect(existsSync(step.state.privateFolder ?? "?"), where).toBe(false);
      expect(existsSync(step.state.controlFolder ?? "?"), where).toBe(false);
      expect(
        readdirSync(runner.temp).filter((name) => !name.startsWith("deploy-summary-")),
        where,
      ).toEqual([]);
      expect(await processesOf(runner.base), where).toEqual([]);
    }
    expect(missed.length).toBeLessThanOrEqual(2);
  });
});
