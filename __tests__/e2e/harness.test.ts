import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { must } from "../../scripts/lab/index.mjs";
import type { WorkflowRun } from "./support/act.js";
import { watchArguments } from "./support/arguments.js";
import { leaksInFiles, watchLeaks } from "./support/leak-watch.js";
import { findLeaks, leftovers } from "./support/leaks.js";
import { secret, type Trial } from "./support/trial.js";

// The other tests trust these to find what they look for.
describe("the search for leaks", () => {
  const password = secret("harness");
  const key = `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n${secret("second-line")}\n-----END OPENSSH PRIVATE KEY-----\n`;
  let folder: string;
  let trial: Pick<Trial, "home" | "temp" | "started">;
  let run: WorkflowRun;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dad-harness-"));
    for (const name of ["home", "tmp", "temp", "workspace"]) mkdirSync(join(folder, name));
    trial = { home: join(folder, "home"), temp: join(folder, "tmp"), started: Date.now() - 1000 };
    run = {
      ...{
        code: 0,
        log: "TASK [ok]",
        outputs: { status: "succeeded" },
        summary: "fine",
        summaries: ["fine"],
        seconds: 1,
      },
      ...{ secrets: [password, key], argumentLeaks: [] },
      kept: { temp: join(folder, "temp"), workspace: join(folder, "workspace") },
    };
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const leaks = (): string[] => findLeaks(trial as Trial, run);

  test("finds nothing where nothing is", () => {
    writeFileSync(
      join(folder, "home", "file"),
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n",
    );
    expect(leaks()).toEqual([]);
    expect(leftovers(trial as Trial, run)).toEqual([]);
  });

  test.each(["home", "tmp", "temp", "workspace"])("finds a password in a file below %s", (name) => {
    const file = join(folder, name, "deep", "file");
    mkdirSync(join(file, ".."));
    writeFileSync(file, `{"password": "${password}"}`);
    expect(leaks()).toEqual([file]);
  });

  test("finds a line of a key in a file that is new below the machine's temporary folder", () => {
    const file = join(tmpdir(), secret("django-ansible-deploy-harness"));
    writeFileSync(file, key);
    try {
      expect(leaks()).toEqual([file]);
    } finally {
      rmSync(file);
    }
  });

  test("finds a secret in the log, an output and the summary, plain or in base64", () => {
    run.log = `TASK [ok]\nhere: ${Buffer.from(password).toString("base64")}`;
    run.outputs.url = `https://${password}@example.org`;
    run.summary = password;
    expect(leaks()).toHaveLength(3);
  });

  test("sees files that are left", () => {
    writeFileSync(join(folder, "temp", "vars.json"), "{}");
    expect(leftovers(trial as Trial, run)).toEqual(["vars.json"]);
  });

  test("sees a secret in a command line", async () => {
    const watch = watchArguments([password]);
    await must(["sh", "-c", "sleep 1", password]);
    expect(watch.stop().join()).toContain(password);
  });
});

describe("the watch for leaks", () => {
  const canary = secret("watched");

  test("finds a file, an argument, and what is allowed it leaves out", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dad-watch-"));
    mkdirSync(join(folder, "django-ansible-deploy-x"));
    writeFileSync(join(folder, "django-ansible-deploy-x", "key"), canary);
    const watch = await watchLeaks([canary], {
      folders: [folder],
      allowed: [join(folder, "django-ansible-deploy-")],
      hosts: [],
    });
    const file = join(folder, "passing");
    writeFileSync(file, Buffer.from(`user:${canary}`).toString("base64"));
    await must(["sh", "-c", "sleep 3; true", canary]);
    rmSync(file);
    const found = await watch.stop();
    expect(found).toContain(`file ${file}`);
    expect(found.filter((line) => line.startsWith("arguments sh -c sleep 3"))).toHaveLength(1);
    expect(found.filter((line) => line.includes("django-ansible-deploy-x"))).toEqual([]);
    expect(await leaksInFiles([canary], [folder], 0)).toEqual([join(folder, "django-ansible-deploy-x", "key")]);
    rmSync(folder, { recursive: true });
  });
});
