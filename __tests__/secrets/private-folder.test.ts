import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DeployError } from "../../src/errors.js";
import { PRIVATE_PREFIX, PrivateFolder } from "../../src/secrets/private-folder.js";
import { createFolder, mode } from "../support/folder.js";

afterEach(() => vi.unstubAllEnvs());

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
    expect(folder.folder("again")).toBe(folder.folder("again"));
  });

  it("is this user's to enter also where the umask would forbid it", () => {
    const before = process.umask(0o777);
    try {
      expect(mode(PrivateFolder.create(tmpdir()).path)).toBe("700");
    } finally {
      process.umask(before);
    }
  });

  it("lies in the runner's folder, or in the system's where there is none", () => {
    const temp = createFolder();
    vi.stubEnv("RUNNER_TEMP", temp);
    expect(dirname(PrivateFolder.create().path)).toBe(temp);
    vi.stubEnv("RUNNER_TEMP", "");
    expect(dirname(PrivateFolder.create().path)).toBe(tmpdir());
  });

  it("says whose setting is wrong where it cannot be made", () => {
    const file = join(createFolder({ file: "" }), "file");
    expect(() => PrivateFolder.create(file)).toThrow(
      new DeployError(
        `RUNNER_TEMP "${file}" is no folder that the runner's user may write to: the runner's own setting for temporary files is wrong.`,
      ),
    );
  });

  it("takes nothing more once it is closed", () => {
    const folder = PrivateFolder.create(createFolder());
    folder.close();
    expect(() => folder.file("key", "late")).toThrow("key was not written: the run has ended.");
    expect(existsSync(join(folder.path, "key"))).toBe(false);
    expect(() => folder.folder("play")).toThrow(/the run has ended/);
  });
});
