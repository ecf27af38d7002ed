import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Runner } from "./support/runner.js";

const LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"';
const inputs = { playbook: "deploy.yml", inventory: `a ${LOCAL}` };

/** A runner with a tool cache of its own. */
function createRunner(): Runner {
  const runner = new Runner();
  runner.ownToolCache();
  runner.write("deploy.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n");
  return runner;
}

const environments = (runner: Runner): string[] =>
  readdirSync(join(runner.toolCache, "django-ansible-deploy-ansible")).filter((name) => !name.endsWith(".json"));

const every: [string, (folder: string) => void][] = [
  ["a file that was cut off", (folder) => truncateSync(join(packages(folder), "ansible/cli/playbook.py"), 100)],
  ["a package that is gone", (folder) => renameSync(join(packages(folder), "jinja2"), join(folder, "away"))],
  ["an interpreter that is gone", (folder) => renameSync(join(folder, "bin"), join(folder, "away"))],
  ["no marker, as when the machine went down", (folder) => renameSync(join(folder, ".complete"), join(folder, "x"))],
];
/** Each of them is an installation: `npm run test:full` tries them all. */
const spoilt = process.env.DAD_FULL === undefined ? every.slice(0, 1) : every;

describe("the tool cache", { timeout: 300_000 }, () => {
  let runner: Runner;
  beforeAll(() => {
    runner = createRunner();
  });
  afterAll(() => runner.remove());

  it("is filled by two jobs at once without one disturbing the other", async () => {
    const second = new Runner();
    second.toolCache = runner.toolCache;
    second.write("deploy.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n");
    const steps = await Promise.all([runner.main(inputs), second.main(inputs)]);
    second.remove();
    for (const step of steps) expect(step.code, step.log).toBe(0);
    expect(environments(runner)).toHaveLength(1);
    const inside = readdirSync(runner.toolCache, { recursive: true, encoding: "utf8" });
    expect(inside.filter((path) => /(^|\/)\.(x64|arm64)-/.test(path))).toEqual([]);
    // What Ansible's own YAML means is there for the next run: the collection's tests see that it is used.
    expect(inside.filter((path) => /\/pycache\/yaml\/[0-9a-f]{64}$/.test(path)).length).toBeGreaterThan(30);
  });

  it.each(spoilt)("is made anew where it has %s", async (_, spoil) => {
    const [name = ""] = environments(runner);
    spoil(join(runner.toolCache, "django-ansible-deploy-ansible", name, process.arch));
    const step = await runner.main(inputs);
    expect(step.code, step.log).toBe(0);
    expect(step.log).toMatch(/ansible-core \S+ installed\./);
    expect((await runner.main(inputs)).log).toMatch(/ansible-core \S+ from the tool cache\./);
  });

  it("is used by a user who may not write to it, and is left alone where it lacks something", async () => {
    const another = createRunner();
    // Root may write everywhere, so it starts the action as somebody else; anybody else takes the right from the folder.
    const isRoot = process.getuid?.() === 0;
    const close = (folder: string) => execFileSync(...(isRoot ? own("root", folder) : mode("a-w", folder)));
    const env = { HOME: join(another.base, "home"), PATH: "/usr/local/bin:/usr/bin:/bin" };
    const options = { ...(isRoot ? { user: 65534 } : {}), env };
    try {
      mkdirSync(join(another.base, "home"));
      if (isRoot) execFileSync(...own("65534", another.base));
      const empty = join(another.base, "read-only");
      mkdirSync(empty);
      close(empty);
      another.toolCache = empty;
      const first = await another.main(inputs, options);
      expect(first.code, first.log).toBe(0);
      expect(first.log).toMatch(/ansible-core \S+ installed\./);
      expect(first.log).toContain("The runner's tool cache may not be written to");
      expect(readdirSync(empty)).toEqual([]);

      another.toolCache = join(another.base, "filled");
      renameSync(join(another.temp, "django-ansible-deploy-tools"), another.toolCache);
      close(another.toolCache);
      const second = await another.main(inputs, options);
      expect(second.code, second.log).toBe(0);
      expect(second.log).toMatch(/ansible-core \S+ from the tool cache\./);
      expect(second.log).not.toContain("may not be written to");
    } finally {
      execFileSync(...mode("u+w", another.base));
      another.remove();
    }
  });
});

const own = (user: string, folder: string): [string, string[]] => ["chown", ["-R", user, folder]];
const mode = (change: string, folder: string): [string, string[]] => ["chmod", ["-R", change, folder]];

/** The folder of an environment's packages. */
function packages(folder: string): string {
  const [python = ""] = readdirSync(join(folder, "lib")).filter((name) => name.startsWith("python3"));
  return join(folder, "lib", python, "site-packages");
}
