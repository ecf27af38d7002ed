import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { OUTPUT_NAMES } from "../../src/report/outputs.js";
import { type Case, cases, runCase } from "./support/corpus.js";
import { visible } from "./support/runner.js";

/** Words of Node, of Ansible and of the action's inside that nobody should have to read. */
const RAW =
  /\n\s+at \S+ \(|\b(E(NOENT|ISDIR|ACCES|NOTDIR|EXIST|LOOP|INVAL|PERM|NAMETOOLONG|MFILE)|ERR_[A-Z]+)\b|\b(Type|Range|Syntax|Reference)Error\b|\bundefined\b|\[object |circular structure|Unexpected token|Maximum call stack|Completely failed to parse|prompting\)|ended with (code )?\d+|code 143|django-ansible-deploy-\w{6}\//;

/** One in so many runs without --full; all of an area are alike enough for that. */
const EVERY = process.env.DAD_FULL ? 1 : 6;

describe("the corpus of bad inputs", () => {
  const all = cases();
  let bareStart = 0;
  beforeAll(() => {
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      spawnSync(process.execPath, ["-e", "0"]);
      return (performance.now() - start) / 1000;
    });
    bareStart = times.sort((one, other) => one - other)[2] ?? 0;
  });

  it("has 300 cases, each with a sentence of its own name", () => {
    expect(all.length).toBeGreaterThanOrEqual(300);
    expect(all.filter(({ error }) => !/^\S.*[^\s.]\.$/s.test(error)).map(({ name }) => name)).toEqual([]);
    const alike = new Map<string, string>();
    for (const one of all) {
      const key = JSON.stringify([one.inputs, one.files, one.env, one.checkout]);
      expect(alike.get(key), `${one.name} repeats another case`).toBeUndefined();
      alike.set(key, one.name);
    }
  });

  it.concurrent.each(all.filter((_, index) => index % EVERY === 0))(
    "$name ends with its sentence",
    { timeout: 60_000 },
    async (one: Case) => {
      const { step, left, error } = await runCase(one);
      const errors = step.log.split("\n").filter((line) => line.startsWith("::error"));
      const said = errors.map((line) =>
        line
          .replace(/^::error[^:]*::/, "")
          .replaceAll("%0A", "\n")
          .replaceAll("%25", "%"),
      );
      expect(said.at(-1)).toBe(error);
      expect(said.length).toBe(1);
      expect(error.length).toBeLessThan(1_000);
      expect(step.code).toBe(1);
      expect(visible(step.log)).not.toMatch(RAW);
      expect(`${visible(step.log)}${step.summary}${JSON.stringify(step.outputs)}`).not.toContain("hunter2");
      expect(Object.keys(step.outputs).sort()).toEqual([...OUTPUT_NAMES].sort());
      expect(step.outputs.status).toBe("failed");
      expect(left).toEqual([]);
      expect(Object.values(step.state).filter((path) => path !== "" && existsSync(path))).toEqual([]);
      // The machine may be busy with four others of these, and Ansible starts by itself.
      expect(step.seconds).toBeLessThan(Math.max(one.ansible ? 6 : 2, 20 * bareStart));
    },
  );
});
