import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OUTPUT_NAMES } from "../../src/report/outputs.js";
import { type Case, cases, runCase } from "./support/corpus.js";
import { visible } from "./support/runner.js";

/** Words of Node, of Ansible and of the action's inside that nobody should have to read. */
const RAW =
  /\n\s+at \S+ \(|\b(E(NOENT|ISDIR|ACCES|NOTDIR|EXIST|LOOP|INVAL|PERM|NAMETOOLONG|MFILE)|ERR_[A-Z]+)\b|\b(Type|Range|Syntax|Reference)Error\b|\bundefined\b(?! group)|\[object |circular structure|Unexpected token|Maximum call stack|Completely failed to parse|prompting\)|ended with (code )?\d+|code 143|django-ansible-deploy-\w{6}\//;

/** Without --full one case in so many runs: neighbours are alike. */
const EVERY = process.env.DAD_FULL ? 1 : 10;

describe("the corpus of bad inputs", () => {
  const all = cases();

  it("has 300 cases, each of its own and with a sentence", () => {
    expect(all.length).toBeGreaterThanOrEqual(300);
    expect(all.filter(({ error }) => !/^\S.{20,1000}\.$/.test(error)).map(({ name }) => name)).toEqual([]);
    const seen = new Map<string, string>();
    for (const { name, inputs, files, env, checkout } of all) {
      const key = JSON.stringify([inputs, files, env, checkout]);
      expect(seen.get(key), `${name} repeats another case`).toBeUndefined();
      seen.set(key, name);
    }
  });

  const chosen = all.filter((_, index) => index % EVERY === 0);
  it.concurrent.each(chosen)("$name ends with its sentence", { timeout: 120_000 }, async (one: Case) => {
    const { step, left, error, cpuSeconds } = await runCase(one);
    const said = step.log
      .split("\n")
      .filter((line) => line.startsWith("::error"))
      .map((line) =>
        line
          .replace(/^::error[^:]*::/, "")
          .replaceAll("%0A", "\n")
          .replaceAll("%25", "%"),
      );
    // Where Ansible names a line of the repository, it is said there too.
    expect([...new Set(said)]).toEqual([error]);
    expect(step.code).toBe(1);
    // Ansible's own output passes through as it is.
    const log = one.ansible ? said.join("\n") : visible(step.log);
    expect(`${log}\n${step.summary}`).not.toMatch(RAW);
    expect(`${visible(step.log)}${step.summary}${JSON.stringify(step.outputs)}`).not.toContain("hunter2");
    expect(Object.keys(step.outputs).sort()).toEqual([...OUTPUT_NAMES].sort());
    expect(step.outputs).toMatchObject({ status: "failed", "failed-host-names": "[]", stats: "{}" });
    if (step.outputs["summary-file"] !== "") {
      expect(step.summary).toContain("failed");
    }
    expect(left).toEqual([]);
    expect(Object.values(step.state).filter((path) => path !== "" && existsSync(path))).toEqual([]);
    expect(cpuSeconds).toBeLessThan(2);
  });
});
