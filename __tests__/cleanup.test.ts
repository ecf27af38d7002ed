import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cleanUp, removeConnections } from "../src/cleanup.js";
import { createControlFolder } from "../src/connection/control-folder.js";
import { PrivateFolder } from "../src/secrets/private-folder.js";
import { createFolder, mode } from "./support/folder.js";

afterEach(() => vi.unstubAllEnvs());

describe("cleanUp", () => {
  it("removes what the state names, twice without harm", async () => {
    const folder = PrivateFolder.create(createFolder());
    folder.file("key", "x");
    const controlFolder = createControlFolder();
    expect(mode(controlFolder)).toBe("700");
    // A socket that nobody answers as ssh would.
    const server = createServer((socket) => socket.destroy()).listen(join(controlFolder, "socket"));
    vi.stubEnv("STATE_privateFolder", folder.path);
    vi.stubEnv("STATE_controlFolder", controlFolder);
    await cleanUp();
    expect(existsSync(folder.path)).toBe(false);
    expect(existsSync(controlFolder)).toBe(false);
    await cleanUp();
    server.close();
  });

  it("removes what a run that was killed still writes there", async () => {
    const folder = PrivateFolder.create(createFolder());
    vi.stubEnv("STATE_privateFolder", folder.path);
    const late = join(folder.path, "ansible-local", "cache");
    const again = setTimeout(() => mkdirSync(late, { recursive: true }), 100);
    await cleanUp();
    clearTimeout(again);
    expect(existsSync(folder.path)).toBe(false);
  });

  it("removes what an installation that was killed left half-filled, and nothing else", async () => {
    const cache = createFolder();
    const half = join(cache, "django-ansible-deploy-uv", "1", ".x64-Ab3xYz");
    const other = join(cache, "Python", ".x64-Ab3xYz");
    for (const folder of [half, other]) mkdirSync(folder, { recursive: true });
    vi.stubEnv("STATE_workFolders", JSON.stringify([half, other]));
    await cleanUp();
    expect([existsSync(half), existsSync(other)]).toEqual([false, true]);
    vi.stubEnv("STATE_workFolders", "no JSON");
    await cleanUp();
  });

  it("does nothing without a state", async () => {
    await expect(cleanUp()).resolves.toBeUndefined();
  });

  it("never removes a folder that the action did not create, nor waits until somebody does", async () => {
    const other = join(createFolder(), "other");
    mkdirSync(other);
    vi.stubEnv("STATE_privateFolder", other);
    vi.stubEnv("STATE_controlFolder", other);
    await cleanUp();
    expect(existsSync(other)).toBe(true);
    // Looking as long as for a folder of its own takes six.
  }, 4_000);
});

describe("createControlFolder", () => {
  it("is short enough for a socket's path", async () => {
    const folder = createControlFolder();
    // ssh adds a name of 10 characters and, while it connects, 17 more; a socket's path may have 104 bytes on macOS.
    expect(basename(folder).length).toBeLessThanOrEqual(10);
    await removeConnections({ controlFolder: folder });
    expect(existsSync(folder)).toBe(false);
  });
});
