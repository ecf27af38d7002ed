import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { PRIVATE_PREFIX, PrivateFolder } from "../../src/secrets/private-folder.js";
import { createFolder, mode } from "../support/folder.js";

describe("PrivateFolder", () => {
  it("keeps folder and files to this user, whatever the umask", () => {
    const before = process.umask(0);
    try {
      const folder = PrivateFolder.create(join(createFolder(), "temp"));
      expect(basename(folder.path).startsWith(PRIVATE_PREFIX)).toBe(true);
      expect(mode(folder.path)).toBe("700");
      expect(mode(folder.folder("play"))).toBe("700");
      const file = folder.file("key", "text");
      expect(mode(file)).toBe("600");
      expect(readFileSync(file, "utf8")).toBe("text");
    } finally {
      process.umask(before);
    }
  });

  it("never writes over a file", () => {
    const folder = PrivateFolder.create(createFolder({}));
    folder.file("key", "one");
    expect(() => folder.file("key", "two")).toThrow(/EEXIST/);
  });
});
