import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

/**
 * The rooms of src/, each of which knows those before it and none after it. A file at the top is a room of its own.
 * ARCHITECTURE.md draws them.
 */
const ROOMS = [
  ...[
    "errors",
    "text",
    "read-file",
    "remove",
    "announce",
    "state",
    "operations",
    "process",
    "inputs",
    "secrets",
    "project",
    "inventory",
    "vault",
    "connection",
  ],
  ...[
    "toolchain",
    "ansible",
    "report",
    "play",
    "cleanup",
    "known",
    "end-now",
    "watchdog",
    "deploy",
    "main",
    "post",
    "look",
  ],
];

/** Every module of src/ with those that it imports, types too. */
const IMPORTS = new Map(
  readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, importsOf(path)] as const),
);

/** Paths of src/ in what a file imports, exports again or loads later. */
function importsOf(path: string): string[] {
  const text = readFileSync(join("src", path), "utf8");
  const named = [
    ...text.matchAll(
      /^(?:import\s*|(?:import|export)\b[^"';]*?\bfrom\s*)["'](\.{1,2}\/[^"']+)["']|\bimport\(\s*["'](\.{1,2}\/[^"']+)["']/gm,
    ),
  ];
  return named.map(([, early, late]) => normalize(join(dirname(path), early ?? late ?? "")).replace(/\.js$/, ".ts"));
}

const roomOf = (path: string) => (path.includes("/") ? dirname(path) : basename(path, ".ts"));

/** The modules of a circle of imports; undefined when there is none. */
function circleFrom(start: string): string[] | undefined {
  const seen = new Set<string>();
  const walk = (path: string, way: readonly string[]): string[] | undefined => {
    for (const next of IMPORTS.get(path) ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

describe("the rooms of src/", () => {
  it("are those that are known, and import what there is", () => {
    expect([...new Set([...IMPORTS.keys()].map(roomOf))].sort()).toEqual([...ROOMS].sort());
    expect([...IMPORTS.values()].flat().filter((path) => !IMPORTS.has(path))).toEqual([]);
    expect([...IMPORTS.values()].flat().length).toBeGreaterThan(200);
  });

  it("stand in ARCHITECTURE.md in their order, and so do those of the collection with what they may import", () => {
    const drawn = readFileSync("ARCHITECTURE.md", "utf8");
    const [, runner = "", hosts = ""] = drawn.split(/^## On the /m);
    const rows = (text: string) => [...text.matchAll(/^\| `([\w-]+)` \|(?:.*\|)? ([^|]*) \|$/gm)];
    expect(rows(runner).map(([, room]) => room)).toEqual(ROOMS);
    const arrows = readFileSync("ansible_collections/django_ansible/deploy/tests/unit/test_rooms.py", "utf8");
    const may = [...arrows.matchAll(/^ {4}"(\w+)": \{(.*)\},$/gm)].map(([, room, names = ""]) => [
      room,
      names.replaceAll('"', "").split(", ").sort().join(", "),
    ]);
    expect(may.length).toBeGreaterThan(3);
    expect(rows(hosts).map(([, room, names]) => [room, names])).toEqual(may);
  });

  it("begin with a file that says what ARCHITECTURE.md says they are for", () => {
    const rows = [...readFileSync("ARCHITECTURE.md", "utf8").matchAll(/^\| `([\w-]+)` \| ([^|]+) \|$/gm)];
    const folders = new Set([...IMPORTS.keys()].filter((path) => path.includes("/")).map((path) => dirname(path)));
    for (const room of folders) {
      const what = rows.find(([, name]) => name === room)?.[2] ?? "no row";
      expect(readFileSync(join("src", room, "README.md"), "utf8").toLowerCase()).toContain(what.toLowerCase());
    }
  });

  it.each([
    ...["__tests__", "__tests__/e2e", "scripts", "bench"],
    ...["plugins", "tests"].map((name) => `ansible_collections/django_ansible/deploy/${name}`),
  ])("%s says of each folder in it what it is for", (folder) => {
    const text = readFileSync(join(folder, "README.md"), "utf8");
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const rooms = folder === "__tests__" ? [...ROOMS, "__pycache__"] : ["__pycache__"];
    const unnamed = folders
      .map(({ name }) => name)
      .filter((name) => !rooms.includes(name) && !text.includes(`\`${name}\``));
    expect(unnamed).toEqual([]);
  });

  it("import in one direction, types too", () => {
    const upwards = [...IMPORTS].flatMap(([path, imports]) =>
      imports
        .filter((to) => ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(path)))
        .map((to) => `${path} imports ${to}`),
    );
    expect(upwards).toEqual([]);
  });

  it("have no circle of imports, also none of types", () => {
    const circles = [...IMPORTS.keys()].map(circleFrom).filter((circle) => circle !== undefined);
    expect(circles.map((circle) => circle.join(" → "))).toEqual([]);
  });

  it("have no two files of one name", () => {
    const names = [...IMPORTS.keys()].map((path) => basename(path));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("keep errors.ts a leaf, without files or environment", () => {
    const text = readFileSync("src/errors.ts", "utf8");
    expect(text).not.toMatch(/\bimport\b|process\./);
  });

  it("start programs in process/ alone", () => {
    const starters = [...IMPORTS.keys()]
      .filter((path) => /child_process|@actions\/exec/.test(readFileSync(join("src", path), "utf8")))
      .filter((path) => roomOf(path) !== "process");
    expect(starters).toEqual([]);
  });

  it("are mirrored by the tests", () => {
    const rooms = readdirSync("__tests__", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const others = ["bench", "corpus", "e2e", "integration", "support"];
    expect(rooms.map(({ name }) => name).filter((name) => !ROOMS.includes(name) && !others.includes(name))).toEqual([]);
    const tests = readdirSync("__tests__", { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".test.ts"),
    );
    const strays = tests
      .filter((path) => path.includes("/") && ROOMS.includes(path.split("/")[0] ?? ""))
      .filter((path) => !IMPORTS.has(path.replace(/\.test\.ts$/, ".ts")));
    expect(strays).toEqual([]);
  });
});
