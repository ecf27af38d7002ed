// The second day of an application: everything that is done with it besides a deploy, one after another on two hosts.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const NAME = "mysite";
const SITE = "operations.example";
const key = secret("django-key");
const given = secret("given");

let trial: Trial;
let hosts: Host[];
let project: Project;
let operate: (
  operation: string,
  inputs?: Record<string, string>,
  say?: (line: string) => void,
) => Promise<ActionResult>;

/** Lines that a host prints for a command. */
const on = (host: Host | undefined, command: string): Promise<string> => onHost(host as Host, command);

beforeAll(async () => {
  trial = await startTrial("operations");
  hosts = await Promise.all(["app1", "app2"].map((name) => trial.host({ name, suite: "bookworm", kind: "ready" })));
  project = createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  await project.commit("The commit");
  const act = directly(trial, project, hosts);
  const vars = {
    ...{ app_name: NAME, server_name: SITE, vault_secret_key: key },
    django_settings_module: "mysite.settings.production",
  };
  operate = (operation, inputs = {}, say = () => {}) =>
    act({
      inputs: {
        ...{ operation, vars: JSON.stringify({ ...vars, ...JSON.parse(inputs.vars ?? "{}") }) },
        ...(operation === "deploy"
          ? { env: `DATABASE_URL=sqlite:////opt/${NAME}/shared/db.sqlite3\nGIVEN=${given}` }
          : {}),
        ...Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "vars")),
      },
      say,
    });
  const first = await operate("deploy");
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => trial?.end());

/** A program for `shell -c`, as one word. */
const shell = (...lines: readonly string[]): string => `shell -c '${lines.join("\n")}'`;

test("run: a command on one host as the application, its output and its end", async () => {
  const run = await operate("run", {
    command: shell(
      "import os, getpass",
      'print("user", getpass.getuser(), "in", os.getcwd())',
      'print("key", os.environ["SECRET_KEY"], os.environ["GIVEN"], os.environ["MORE"])',
    ),
    env: "MORE=of-its-own\nSECRET_KEY=another",
  });
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(run.outputs["command-output"]).toMatch(
    new RegExp(`^user ${NAME} in /opt/${NAME}/releases/\\S+\nkey \\*+ \\*+ \\*+\n$`),
  );
  expect(run.log).toContain(`user ${NAME} in`);
  expect(run.log).not.toContain(given);
  expect(run.outputs["total-hosts"]).toBe("1");
  expect(await on(hosts[0], `tail -1 /opt/${NAME}/deploys.jsonl`)).toMatch(/"operation": "run".*"result": "succeeded"/);
});

test("run: a command that fails fails the step with its exit code, in one sentence", async () => {
  const run = await operate("run", { command: shell('import sys; print("half done"); sys.exit(7)') });
  expectRefused(run, /^Error: manage\.py shell -c .* ended with 7 on app1\.$/m);
  expect(run.outputs["command-output"]).toBe("half done\n");
});

test("run: lines come while the command runs", async () => {
  const came: number[] = [];
  const run = await operate(
    "run",
    { command: shell("import time", "for number in range(5):", '    print("line", number)', "    time.sleep(2)") },
    (line) => {
      if (/^line \d$/.test(line)) came.push(Date.now());
    },
  );
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(came).toHaveLength(5);
  expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeGreaterThan(5_000);
});

test("run: endless output is kept to its end, and the step ends", async () => {
  const run = await operate("run", {
    command: shell('print("first"); [print("x" * 99) for _ in range(300000)]; print("last")'),
  });
  expect(run.outputs.status, run.log.slice(-2_000)).toBe("succeeded");
  expect(Buffer.byteLength(run.outputs["command-output"] ?? "")).toBeLessThanOrEqual(65_536);
});

test("run: detached, it goes on by itself, and status shows it", async () => {
  const run = await operate("run", {
    command: shell("import time; time.sleep(20)"),
    vars: JSON.stringify({ django_app_run_detached: true }),
  });
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(run.log).toMatch(/app1: it goes on by itself as run \S+;/);
  expect(await on(hosts[0], `systemctl is-active 'django-ansible-deploy-${NAME}-run-*.service' || true`)).toMatch(
    /^activat/,
  );
});
