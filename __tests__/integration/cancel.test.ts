import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alive } from "../support/alive.js";
import { processesOf } from "../support/processes.js";
import { Runner, visible } from "./support/runner.js";

const LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"';

let runner: Runner;
beforeEach(() => {
  runner = new Runner();
  runner.write(
    "deploy.yml",
    `- hosts: all
  gather_facts: false
  tasks:
    - name: Change
      ansible.builtin.file: {path: ${runner.base}/made, state: directory, mode: "0700"}
    - name: Wait
      ansible.builtin.command: {argv: [sh, -c, "echo $$ > ${runner.base}/pid; exec sleep 120"]}
      changed_when: false
`,
  );
});
afterEach(() => runner.remove());

const inputs = {
  playbook: "deploy.yml",
  inventory: `a ${LOCAL}`,
  env: "TOKEN=t0ken-value",
  "become-password": "b3come-pass",
};

function sleeperIsGone(): boolean {
  const pid = readFileSync(join(runner.base, "pid"), "utf8").trim();
  return !alive(Number(pid));
}

describe("a run that is ended", { timeout: 120_000 }, () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s sets outputs and leaves nothing, before GitHub kills it",
    async (signal) => {
      let sent = 0;
      const step = await runner.main(inputs, {
        onLog: (_, child) => {
          if (sent !== 0 || !existsSync(join(runner.base, "made"))) return;
          sent = Date.now();
          const ask = setInterval(() => {
            if (!existsSync(join(runner.base, "pid"))) return;
            clearInterval(ask);
            sent = Date.now();
            child.kill(signal);
          }, 50);
        },
      });
      const took = Date.now() - sent;
      expect(sent).toBeGreaterThan(0);
      expect(took).toBeLessThan(9_000);
      expect([step.code, step.signal]).toEqual([1, null]);
      expect(step.outputs).toMatchObject({
        status: "cancelled",
        "total-hosts": "1",
        "changed-hosts": "1",
        "changed-host-names": '["a"]',
      });
      expect(step.log).toContain("::error::The run was cancelled.");
      expect(step.summary).toContain("deploy.yml on a was cancelled");
      expect(sleeperIsGone()).toBe(true);
      expect(existsSync(step.state.privateFolder ?? "?")).toBe(false);
      expect(existsSync(step.state.controlFolder ?? "?")).toBe(false);
    },
  );

  it("by the time limit fails with a sentence", async () => {
    const step = await runner.main({ ...inputs, "timeout-minutes": "0.1" });
    expect(step.code).toBe(1);
    expect(step.log).toContain("::error::The run was ended after 0.1 minutes, the limit of timeout-minutes.");
    expect(step.outputs.status).toBe("failed");
    expect(existsSync(step.state.privateFolder ?? "?")).toBe(false);
  });

  it.each(["before Ansible", "while it says something"])(
    "since the runner is gone, %s, ends in time and leaves nothing",
    async (when) => {
      const task = "    - {ansible.builtin.raw: sleep 0.5}\n";
      runner.write("deploy.yml", `- hosts: all\n  gather_facts: false\n  tasks:\n${task.repeat(20)}`);
      let gone = 0;
      const step = await runner.main(inputs, {
        // What does not end by itself must not run on after the test.
        before: ["timeout", "--signal=KILL", "40"],
        onLog: (log, child) => {
          if (gone !== 0 || (when === "while it says something" && !log.includes("PLAY ["))) return;
          gone = Date.now();
          child.stdout?.destroy();
          child.stderr?.destroy();
        },
      });
      expect([step.code, step.signal]).toEqual([1, null]);
      expect(Date.now() - gone).toBeLessThan(12_000);
      expect(step.outputs.status).toBe("cancelled");
      expect(readdirSync(runner.temp).filter((name) => !name.startsWith("deploy-summary-"))).toEqual([]);
      expect(existsSync(step.state.controlFolder ?? "?")).toBe(false);
      expect(await processesOf(runner.base)).toEqual([]);
    },
  );

  it("by SIGKILL ends with all its programs, and is cleaned up by post", async () => {
    let killed = false;
    const step = await runner.main(inputs, {
      onLog: (_, child) => {
        if (killed || !existsSync(join(runner.base, "made"))) return;
        killed = true;
        const ask = setInterval(() => {
          if (!existsSync(join(runner.base, "pid"))) return;
          clearInterval(ask);
          child.kill("SIGKILL");
        }, 50);
      },
    });
    expect(step.signal).toBe("SIGKILL");
    expect(existsSync(step.state.privateFolder ?? "?")).toBe(true);
    await vi.waitFor(() => expect(sleeperIsGone()).toBe(true), 10_000);
    expect(await processesOf(runner.base, 100)).toEqual([]);
    const post = await runner.post();
    expect(post.code).toBe(0);
    expect(visible(post.log)).not.toContain("t0ken-value");
    expect(readdirSync(runner.temp)).toEqual([]);
    expect(existsSync(step.state.controlFolder ?? "?")).toBe(false);
  });
});
