import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "recheck";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";

interface Found {
  readonly place: string;
  readonly pattern: string;
  readonly flags: string;
}

/** Every regular expression that src/ writes down, with its place. */
function expressions(): Found[] {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  return files.flatMap((path) => {
    const text = readFileSync(join("src", path), "utf8");
    const found: Found[] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      if ("regex" in node && "start" in node) {
        const { pattern, flags } = node.regex as { pattern: string; flags: string };
        found.push({ place: `${path}:${text.slice(0, Number(node.start)).split("\n").length}`, pattern, flags });
      }
      for (const part of Object.values(node)) walk(part);
    };
    walk(parseSync(path, text).program);
    return found;
  });
}

/** What recheck says. Part of its search is random and has a limit of time, so a word against an expression has to be confirmed, and none at all asked for again. */
async function verdict({ pattern, flags }: Found): Promise<string> {
  const said: string[] = [];
  for (const checker of ["auto", "automaton", "auto", "auto"] as const) {
    const { status } = await check(pattern, flags, { checker, timeout: 60_000 });
    if (status === "safe" || (status === "vulnerable" && checker === "automaton")) return status;
    said.push(status);
  }
  return said.join(", ");
}

describe("the regular expressions of src/", () => {
  const all = expressions();

  it("are found", () => {
    expect(all.length).toBeGreaterThan(150);
    const rule = (place: string) => all.find((one) => one.place.startsWith(place));
    expect(rule("inputs/validate.ts")).toBeDefined();
  });

  it("would be told apart if one took the square of a text's length", async () => {
    expect((await check("\\s+$", "")).status).toBe("vulnerable");
    expect((await check("^\\s+", "")).status).toBe("safe");
  });

  // What users and hosts write is up to megabytes long. Four at a time: each is looked at by a process of its own.
  it("take time by the length of a text, never by its square", { timeout: 900_000 }, async () => {
    const slow: string[] = [];
    const rest = [...new Map(all.map((one) => [`${one.pattern}/${one.flags}`, one])).values()];
    const worker = async () => {
      for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
        const status = await verdict(one);
        if (status !== "safe") slow.push(`${one.place}: ${status} /${one.pattern}/${one.flags}`);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect(slow).toEqual([]);
  });
});
