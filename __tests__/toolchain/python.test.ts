import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { thisMachine } from "../../src/toolchain/machine.js";
import {
  installedPythons,
  type Python,
  preferredPython,
  probePythons,
  pythonCandidates,
} from "../../src/toolchain/python.js";
import { createFolder } from "../support/folder.js";

function fake(version: string, kind = "CPython"): string {
  const [major, minor, patch] = version.split(".");
  return `#!/bin/sh\nprintf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' ${kind} ${major} ${minor} ${patch} /base/python${version} "$0"\n`;
}

function createBin(scripts: Readonly<Record<string, string>>): string {
  const folder = createFolder(scripts);
  for (const name of Object.keys(scripts)) chmodSync(join(folder, name), 0o755);
  return folder;
}

const MACHINE = thisMachine(process.env);

describe("pythonCandidates and probePythons", () => {
  it("leaves out shims that fail, other implementations and what prints nonsense", async () => {
    const shims = createBin({
      "python3.13": "#!/bin/sh\necho 'command not found' >&2; exit 127\n",
      python3: fake("3.9.1"),
    });
    const real = createBin({
      "python3.13": fake("3.13.2"),
      "python3.12": fake("7.3.1", "PyPy"),
      python: "#!/bin/sh\necho hello\n",
    });
    const candidates = pythonCandidates(`${shims}:/nowhere::${real}`);
    expect(candidates).toEqual([
      join(shims, "python3.13"),
      join(real, "python3.13"),
      join(real, "python3.12"),
      join(shims, "python3"),
      join(real, "python"),
    ]);
    const found = (await Promise.all(probePythons(candidates, MACHINE))).map((python) => python?.version.join("."));
    expect(found).toEqual([undefined, "3.13.2", undefined, "3.9.1", undefined]);
  });

  it("asks a real interpreter for its base", async () => {
    const [python] = await Promise.all(probePythons(pythonCandidates(process.env.PATH ?? ""), MACHINE));
    const all = (await Promise.all(probePythons(pythonCandidates(process.env.PATH ?? ""), MACHINE))).filter(Boolean);
    expect(all.length).toBeGreaterThan(0);
    for (const found of [...all, python]) if (found) expect(found.path).toMatch(/^\/.*python/);
  });
});

describe("preferredPython", () => {
  const python = (...version: [number, number, number]): Python => ({
    path: `/${version.join(".")}`,
    executable: "/x",
    version,
  });
  it.each<[Python[], string | undefined]>([
    [[python(3, 11, 9), python(3, 12, 1)], "3.12.1"],
    [[python(3, 12, 1), python(3, 14, 0), python(3, 13, 9)], "3.14.0"],
    [[python(3, 15, 0), python(3, 12, 1)], "3.12.1"],
    [[python(3, 10, 1), python(3, 11, 2)], "3.11.2"],
    [[python(2, 7, 18), python(3, 10, 1)], undefined],
    [[], undefined],
  ])("chooses of %j", (pythons, expected) => {
    expect(preferredPython(pythons)?.version.join(".")).toBe(expected);
  });
});

describe("installedPythons", () => {
  it("finds what uv installed earlier", async () => {
    const folder = createFolder({ "cpython-3.13.5-linux/bin/python3": fake("3.13.5"), "cpython-3.12.0-x/readme": "" });
    chmodSync(join(folder, "cpython-3.13.5-linux/bin/python3"), 0o755);
    expect((await installedPythons(folder, MACHINE)).map(({ version }) => version)).toEqual([[3, 13, 5]]);
    expect(await installedPythons("/nowhere", MACHINE)).toEqual([]);
  });
});
