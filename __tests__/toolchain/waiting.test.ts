import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { jobEnvironment } from "../../src/process/program-environment.js";
import { killAll } from "../../src/process/run.js";
import { thisMachine } from "../../src/toolchain/machine.js";
import { startAnsible } from "../../src/toolchain/waiting.js";
import { alive } from "../support/alive.js";
import { createFolder } from "../support/folder.js";

/** Says how it was started, and ends as it is told. */
const MAIN = `
import json, os, sys
print(json.dumps({"argv": sys.argv, "cwd": os.getcwd(), "env": dict(os.environ), "input": sys.stdin.read(), "name": __name__}))
with open(os.environ["PID"], "w") as file:
    file.write(str(os.getpid()))
if sys.argv[1] == "wait":
    import time
    time.sleep(60)
sys.exit(int(sys.argv[2]))
`;

let folder: string;
let python: string;
let ansible: string;

beforeEach(() => {
  folder = createFolder({ "work/empty": "" });
  execFileSync("python3", ["-m", "venv", "--without-pip", join(folder, "venv")]);
  python = join(folder, "venv", "bin", "python");
  const site = execFileSync(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], {
    encoding: "utf8",
  }).trim();
  ansible = join(site, "ansible", "release.py");
  execFileSync("mkdir", [join(site, "ansible"), join(site, "ansible_core-1.dist-info")]);
  writeFileSync(join(site, "ansible", "__init__.py"), "");
  writeFileSync(join(site, "ansible", "__main__.py"), MAIN);
  writeFileSync(ansible, '__version__ = "2.21.5"\n');
  writeFileSync(
    join(site, "ansible_core-1.dist-info", "RECORD"),
    `ansible/release.py,sha256=x,${readFileSync(ansible).length}\nansible/__init__.py,,\n`,
  );
});

const machine = (signal?: AbortSignal) => thisMachine({ PATH: process.env.PATH, TOKEN: "of the job" }, signal);
const start = () => ({
  ...{ cwd: join(folder, "work"), env: jobEnvironment({ ONLY: "this", PID: join(folder, "pid") }) },
  onOutput: vi.fn(),
});
const pid = async () => {
  await vi.waitFor(() => expect(readFileSync(join(folder, "pid"), "utf8")).toMatch(/^\d+$/), 10_000);
  return Number(readFileSync(join(folder, "pid"), "utf8"));
};

describe("an Ansible that waits", () => {
  it("says its version, and goes on with what it is told and nothing else", async () => {
    const waiting = startAnsible(python, folder, machine());
    expect(await waiting.version).toBe("2.21.5");
    const options = start();
    expect((await waiting.goOn(["playbook", "3", "--a b"], options)).code).toBe(3);
    const said = options.onOutput.mock.calls.map(([, chunk]) => chunk).join("");
    const { env, ...told } = JSON.parse(said) as { env: Record<string, string> };
    expect(told).toMatchObject({ cwd: options.cwd, input: "", name: "__main__" });
    expect(said).toContain('"playbook", "3", "--a b"]');
    expect(env).toEqual(options.env);
  });

  it("says no version when a file is not as long as it was, or nothing starts", async () => {
    appendFileSync(ansible, "\n");
    expect(await startAnsible(python, folder, machine()).version).toBe("");
    expect(await startAnsible(join(folder, "nowhere"), folder, machine()).version).toBe("");
  });

  it("keeps bytecode beside Ansible, but for what Python's own library has of its own", async () => {
    const waiting = startAnsible(python, folder, machine());
    await waiting.goOn(["playbook", "0"], start());
    const kept = readdirSync(join(folder, "venv", "pycache"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".pyc"))
      .map((name) => join("/", name));
    expect(kept.some((file) => /\/ansible\/release\.[^/]+\.pyc$/.test(file))).toBe(true);
    const library = dirname(execFileSync(python, ["-c", "import os; print(os.__file__)"], { encoding: "utf8" }));
    const inLibrary = kept.filter((file) => file.startsWith(library));
    expect(inLibrary.filter((file) => existsSync(join(dirname(file), "__pycache__", basename(file))))).toEqual([]);
  });

  it("ends when nobody needs it, and when the run is to end", async () => {
    const stop = new AbortController();
    const unneeded = startAnsible(python, folder, machine());
    const cancelled = startAnsible(python, folder, machine(stop.signal));
    await Promise.all([unneeded.version, cancelled.version]);
    unneeded.end();
    stop.abort();
    for (const one of [unneeded, cancelled]) expect((await one.goOn(["playbook", "0"], start())).code).not.toBe(0);
    expect(await startAnsible(python, folder, machine(stop.signal)).version).toBe("");
  });

  it.each(["a cancel", "the end of all programs"])("ends in the middle of its work by %s", async (what) => {
    const stop = new AbortController();
    const waiting = startAnsible(python, folder, machine(stop.signal));
    const ended = waiting.goOn(["wait", "0"], start());
    const running = await pid();
    if (what === "a cancel") stop.abort();
    else killAll();
    expect((await ended).code).not.toBe(0);
    expect(alive(running)).toBe(false);
  });
});
