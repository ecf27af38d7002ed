import { appendFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeConnections, createControlFolder } from "../../src/connection/control-folder.js";
import { play } from "../../src/play/play.js";
import { preparePlay } from "../../src/play/play-parts.js";
import { Stopped } from "../../src/process/stop.js";
import { createPlay } from "../support/play.js";

let log = "";
function listen(): void {
  log = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    log += chunk;
    return true;
  });
}
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("play", () => {
  it("gives what happened, without secrets, and tells in a debug log how Ansible is started", async () => {
    listen();
    const event = { event: "result", host: "a", task: "1", name: "Do", action: "x", status: "failed", msg: "s3cret" };
    const script = `echo '${JSON.stringify(event)}' > "$EVENTS"; echo s3cret >&2; exit 2`;
    const { play: run, base } = createPlay(script.replace("$EVENTS", "$HOME/events"), (folder) => ({
      eventsFile: join(folder, "events"),
    }));
    const { code, stderr, events } = await play(run);
    expect([code, stderr]).toEqual([2, "***\n"]);
    expect(events).toEqual([expect.objectContaining({ host: "a", msg: "***" })]);
    expect(log).toContain(`::debug::Starting ["${run.files.python}","-P","-m","ansible","playbook"`);
    expect(log).toContain(`in ${base}/work`);
    expect(log).not.toContain("s3cret");
  });

  it("shows what Ansible says as it comes, a group for each play, in which nothing is a command of the runner", async () => {
    listen();
    const { play: run } = createPlay(
      `echo "marker Reach"; echo "::error::forged"; echo "token s3cret"; echo "marker Finish"`,
    );
    await play(run);
    const [, token = "none"] = /^::stop-commands::(.+)$/m.exec(log) ?? [];
    expect(log).toMatch(/^::group::.*Reach$/m);
    expect(log).toMatch(/^::group::.*Finish$/m);
    expect(log.match(/^::endgroup::$/gm)?.length).toBe(2);
    expect(log).toContain(`::stop-commands::${token}\n::error::forged\ntoken ***\n::${token}::\n`);
  });

  it("gives what the operation was asked to print, without secrets", async () => {
    listen();
    const { play: run, base } = createPlay('echo "a s3cret ü" > "$HOME/printed"', (folder) => ({
      outputFile: join(folder, "printed"),
    }));
    expect((await play(run)).printed).toBe("a *** ü\n");
    expect((await play({ ...run, outputFile: join(base, "none") })).printed).toBe("");
  });

  it("keeps how Ansible ended where what happened cannot be made out, and says so without secrets", async () => {
    listen();
    const { play: run } = createPlay("exit 3");
    const event = { event: "result", host: "a", task: "1", name: "Do", action: "x", status: "failed", msg: "odd" };
    writeFileSync(run.eventsFile, `${JSON.stringify(event)}\n`);
    const redact = (text: string) => {
      if (text === "odd") throw new Error("why s3cret");
      return text.replaceAll("s3cret", "***");
    };
    const { code, events } = await play({ ...run, redact });
    expect([code, events]).toEqual([3, []]);
    expect(log).toContain("::warning::What happened on the hosts could not be read: why ***");
  });

  it("starts nothing once the run is to end", async () => {
    const { play: run, started } = createPlay("exit 0", () => ({ signal: AbortSignal.abort() }));
    await expect(play(run)).rejects.toBeInstanceOf(Stopped);
    expect(started()).toEqual([]);
  });

  it("gives nothing back after a run that came to its end", async () => {
    listen();
    const { play: run, started } = createPlay("exit 2");
    await play({ ...run, files: { ...run.files, cancelPlaybook: "/p/cancel.yml" } });
    expect(started().length).toBe(1);
  });

  it("warns of what hosts report that cannot be, a few times and without secrets", async () => {
    listen();
    const { play: run } = createPlay("exit 0");
    for (let index = 0; index < 20; index++) {
      const event = { event: "result", host: `s3cret-${index}`, task: "1", name: "Do", action: "x", status: "ok" };
      const wrong = { ...event, deploy: { url: "javascript:alert(1)" } };
      appendFileSync(run.eventsFile, `${JSON.stringify(wrong)}\n`);
    }
    await play(run);
    const warnings = log.split("\n").filter((line) => line.startsWith("::warning::"));
    expect(warnings.length).toBe(5);
    expect(warnings[0]).toMatch(
      /^::warning::\*\*\*-0 gave Do with a value of ".*" that cannot be right: it was left out\.$/,
    );
    expect(log).not.toContain("s3cret");
  });

  it("knows of nothing that happened where Ansible wrote no events", async () => {
    listen();
    const { code, events } = await play(createPlay("exit 3").play);
    expect([code, events]).toEqual([3, []]);
  });

  it("tells how far a task is that takes long", async () => {
    listen();
    const started = Date.now() / 1000 - 11;
    const task = { event: "task", task: "1", name: "Build", action: "command", time: started };
    const { play: run } = createPlay("sleep 1.4");
    writeFileSync(
      run.eventsFile,
      `${JSON.stringify({ event: "play", name: "p", hosts: 2 })}\n${JSON.stringify(task)}\n`,
    );
    await play(run);
    expect(log.match(/… Build: 0 of 2 hosts done after 1[12] s/g)?.length).toBe(1);
  });

  it("ends Ansible in order, then gives back, and has it said where that fails", async () => {
    listen();
    const script = `case "$5" in\n*cancel.yml) echo "marker Cancel"; exit "$(cat "$HOME/code")";;\nesac\ntrap 'exit 99' INT; touch "$HOME/up"; while :; do sleep 0.05; done`;
    for (const code of ["0", "4"]) {
      const own = new AbortController();
      const { play: run, base, started } = createPlay(script, () => ({ signal: own.signal }));
      writeFileSync(join(base, "code"), code);
      const secret = run.folder.file("become-password", "x");
      const inventory = run.folder.file("hosts.yml", "x");
      const kept = join(base, "inventory.yml");
      writeFileSync(kept, "x");
      const files = { ...run.files, cancelPlaybook: "/p/cancel.yml", becomePassword: secret };
      const done = play({ ...run, files: { ...files, inventories: [inventory, kept] } });
      await vi.waitFor(() => expect(existsSync(join(base, "up"))).toBe(true), 10_000);
      own.abort("cancelled");
      expect((await done).code).toBe(99);
      expect(started()[1]).toContain("playbook /p/cancel.yml");
      // The repository's own inventory is no secret of the action's.
      expect([existsSync(secret), existsSync(inventory), existsSync(kept)]).toEqual([false, false, true]);
      expect(/::warning::The deploy lock was not given back/.test(log)).toBe(code === "4");
    }
  });

  it("removes no secret before Ansible has read it, and its keys 2.7 s after a cancel", {
    timeout: 20_000,
  }, async () => {
    listen();
    const stop = new AbortController();
    const { play: run, base } = createPlay(
      `case "$5" in *cancel.yml) ls "$HOME/temp"/*/become-password > "$HOME/had"; sleep 30;; esac\ntrap 'exit 99' INT; touch "$HOME/up"; while :; do sleep 0.05; done`,
      () => ({ signal: stop.signal }),
    );
    const controlFolder = createControlFolder();
    const key = run.folder.file("key", "x");
    const secret = run.folder.file("become-password", "x");
    const files = { ...run.files, cancelPlaybook: "/p/cancel.yml", becomePassword: secret };
    const done = play({
      ...run,
      files,
      identity: { ...run.identity, keyFiles: [key], agentSocket: join(controlFolder, "agent") },
    });
    await vi.waitFor(() => expect(existsSync(join(base, "up"))).toBe(true), 10_000);
    const started = Date.now();
    stop.abort("cancelled");
    await vi.waitFor(() => expect(existsSync(join(base, "had"))).toBe(true), 5_000);
    expect(existsSync(secret)).toBe(true);
    await vi.waitFor(() => expect([existsSync(secret), existsSync(key)]).toEqual([false, false]), 6_000);
    await done;
    expect(Date.now() - started).toBeLessThan(8_500);
    await closeConnections(controlFolder);
    rmSync(controlFolder, { recursive: true, force: true });
  });
});

describe("preparePlay", () => {
  it("has the environment for whose playbook it is and for what the inventory is", () => {
    const { play: run, base } = createPlay("");
    writeFileSync(join(base, "hosts.yml"), "");
    const made = (playbook: string, ...inventories: string[]) => {
      const folder = createPlay("").play.folder;
      const files = { ...run.files, inventories };
      return preparePlay({ ...run, folder, files, project: { ...run.project, playbook } });
    };
    const own = made("/p/deploy.yml", join(base, "hosts.yml"));
    expect(own.env).toMatchObject({ ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: "true" });
    expect(own.env.ANSIBLE_GATHERING).toBeUndefined();
    expect(own.env.ANSIBLE_LOCAL_TEMP).toBe(join(own.folder.path, "tmp"));
    expect(own.eventsFile).toBe(join(own.folder.path, "events.jsonl"));
    expect(own.outputFile).toBe(join(own.folder.path, "output"));
    expect(own.files).toMatchObject({ python: run.ansible.python, inventories: [join(base, "hosts.yml")] });
    const bundled = made("", join(base, "hosts.yml"), base);
    expect(bundled.env).toMatchObject({ ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: "false" });
    expect(bundled.env.ANSIBLE_GATHERING).toBe("explicit");
    expect(bundled.playMarker).not.toBe(own.playMarker);
  });
});
