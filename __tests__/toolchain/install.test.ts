import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lockedVersion } from "../../src/toolchain/install.js";
import { AnsibleStore } from "../../src/toolchain/store.js";
import { createToolFolder, discardToolFolder } from "../../src/toolchain/tool-folder.js";
import { UV_VERSION } from "../../src/toolchain/uv-release.js";
import { createFolder } from "../support/folder.js";

const lock = readFileSync("ansible.lock", "utf8");

describe("ansible.lock", () => {
  it("has the two cores of ansible.in, for every Python from 3.11 on", () => {
    expect(lockedVersion(lock, { version: [3, 11, 9] })).toBe("2.19.14");
    for (const minor of [12, 13, 14]) expect(lockedVersion(lock, { version: [3, minor, 0] })).toBe("2.21.5");
    expect(() => lockedVersion("", { version: [3, 12, 0] })).toThrow(/^ansible\.lock names no ansible-core/);
  });

  it.each(["ansible.lock", "uv-requirements.lock"])("%s is exact, hashed and names no host", (name) => {
    const text = readFileSync(name, "utf8");
    const packages = text.match(/^[a-z][\w.-]*==.*(?:\n {4}--hash=sha256:[0-9a-f]{64}(?: \\)?)+$/gm) ?? [];
    expect(packages.length).toBe((text.match(/^\w/gm) ?? []).length);
    expect(text).not.toMatch(/:\/\/|index/);
  });

  it("uv-requirements.lock is of the version that the code expects", () => {
    expect(readFileSync("uv-requirements.lock", "utf8")).toContain(`uv==${UV_VERSION} \\\n`);
  });
});

describe("AnsibleStore", () => {
  it("remembers an environment for as long as lock, interpreters and environment are the same", async () => {
    const bin = createFolder({ python3: "x" });
    const candidates = [join(bin, "python3")];
    const root = createFolder();
    const store = new AnsibleStore(root, "lock", candidates);
    expect(store.isEmpty()).toBe(true);
    expect(store.known()).toBeUndefined();

    const { folder } = store.place("2.21.5", { path: "/usr/bin/python3.12", version: [3, 12, 1] });
    await createToolFolder(folder, async (work) => {
      mkdirSync(join(work, "made"));
      return join(work, "made");
    });
    const ansible = { python: join(folder, "bin", "python"), version: "2.21.5" };
    store.remember(ansible);

    expect(new AnsibleStore(root, "lock", candidates).known()).toEqual(ansible);
    expect(new AnsibleStore(root, "lock", candidates).isEmpty()).toBe(false);
    expect(new AnsibleStore(root, "other lock", candidates).known()).toBeUndefined();
    expect(new AnsibleStore(root, "other lock", candidates).isEmpty()).toBe(true);
    expect(new AnsibleStore(root, "lock", []).known()).toBeUndefined();
    discardToolFolder(folder);
    expect(store.known()).toBeUndefined();
  });

  it("has another folder for another interpreter", () => {
    const store = new AnsibleStore(createFolder(), "lock", []);
    const place = (path: string, patch: number) => store.place("2.21.5", { path, version: [3, 12, patch] }).folder;
    expect(new Set([place("/a", 1), place("/b", 1), place("/a", 2)]).size).toBe(3);
  });
});
