import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  createToolFolder,
  discardToolFolder,
  isComplete,
  isWorkFolder,
  isWritable,
  toolCacheRoot,
} from "../../src/toolchain/tool-folder.js";
import { createFolder } from "../support/folder.js";

const fill = (text: string) => async (work: string) => {
  const made = join(work, "made");
  mkdirSync(made);
  writeFileSync(join(made, "file"), text);
  return made;
};

describe("createToolFolder", () => {
  it("brings the folder and its marker in one step, and leaves nothing beside it", async () => {
    const folder = join(createFolder(), "tool", "1", "x64");
    await createToolFolder(folder, async (work) => {
      expect(isComplete(folder)).toBe(false);
      return await fill("one")(work);
    });
    expect(isComplete(folder)).toBe(true);
    expect(readdirSync(dirname(folder))).toEqual(["x64"]);
  });

  it("keeps what another job finished first", async () => {
    const folder = join(createFolder(), "tool", "x64");
    await createToolFolder(folder, async (work) => {
      await createToolFolder(folder, fill("first"));
      return await fill("second")(work);
    });
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("first");
    expect(readdirSync(dirname(folder))).toEqual(["x64"]);
  });

  it("replaces what was withdrawn", async () => {
    const folder = join(createFolder(), "x64");
    await createToolFolder(folder, fill("old"));
    discardToolFolder(folder);
    expect(isComplete(folder)).toBe(false);
    await createToolFolder(folder, fill("new"));
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
    expect(isComplete(folder)).toBe(true);
  });

  it("leaves nothing of a failure", async () => {
    const folder = join(createFolder(), "tool", "x64");
    await expect(createToolFolder(folder, async () => Promise.reject(new Error("no network")))).rejects.toThrow(
      "no network",
    );
    expect(readdirSync(dirname(folder))).toEqual([]);
  });
});

describe("the state", () => {
  it("names a folder before it is filled, and post removes no other one", async () => {
    const file = join(createFolder({ state: "" }), "state");
    vi.stubEnv("GITHUB_STATE", file);
    const folder = join(createFolder(), "django-ansible-deploy-uv", "1", "x64");
    let seen = "";
    await createToolFolder(folder, async (work) => {
      seen = work;
      expect(readFileSync(file, "utf8")).toContain(JSON.stringify(work).slice(1, -1));
      return await fill("x")(work);
    });
    vi.unstubAllEnvs();
    expect(isWorkFolder(seen)).toBe(true);
    for (const other of [folder, "/opt/cache/Python/.x-abcdef", `${seen}/..`, "/", "", `${seen}/bin`]) {
      expect(isWorkFolder(other)).toBe(false);
    }
  });
});

describe("isWritable", () => {
  it("looks at the nearest folder that exists", () => {
    const folder = createFolder({ file: "" });
    expect(isWritable(join(folder, "a", "b"))).toBe(true);
    expect(isWritable(join(folder, "file", "b"))).toBe(false);
    expect(isWritable("relative")).toBe(true);
  });
});

describe("toolCacheRoot", () => {
  it("is a whole path also where the runner gives a part of one", () => {
    expect(toolCacheRoot({ RUNNER_TOOL_CACHE: "tools" })).toBe(join(process.cwd(), "tools"));
  });

  it.each([
    [{ RUNNER_TOOL_CACHE: "/opt/cache", RUNNER_TEMP: "/t" }, "/opt/cache"],
    [{ RUNNER_TOOL_CACHE: "", RUNNER_TEMP: "/t" }, "/t/django-ansible-deploy-tools"],
  ])("is found in %j", (environment, expected) => {
    expect(toolCacheRoot(environment)).toBe(expected);
  });
});
