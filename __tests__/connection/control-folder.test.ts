import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AGENT_PID, closeConnections, createControlFolder } from "../../src/connection/control-folder.js";
import { alive } from "../support/alive.js";
import { createFolder, mode } from "../support/folder.js";

afterEach(() => vi.unstubAllEnvs());

/** A program of that name, first on PATH, that writes down its arguments. */
function recorded(name: string): () => string[] {
  const folder = createFolder({ [name]: '#!/bin/sh\necho "$@" >> "$0.log"\n', [`${name}.log`]: "" });
  chmodSync(join(folder, name), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
  return () =>
    readFileSync(join(folder, `${name}.log`), "utf8")
      .split("\n")
      .slice(0, -1);
}

describe("createControlFolder", () => {
  it.each(["/nowhere/at-all", "/tmp/with blank", `/tmp/${"deep/".repeat(20)}`])(
    "lies elsewhere where TMPDIR is %s",
    (temporary) => {
      const folder = createControlFolder(temporary);
      expect(folder).toMatch(/^\/tmp\/dad-\w{6}$/);
      rmSync(folder, { recursive: true });
    },
  );
});

describe("closeConnections", () => {
  it("ends each shared connection and removes its socket", async () => {
    const ssh = recorded("ssh");
    const folder = createControlFolder();
    expect(mode(folder)).toBe("700");
    const servers = ["one", "two"].map((name) => createServer().listen(join(folder, name)));
    await vi.waitFor(() => expect(existsSync(join(folder, "two"))).toBe(true));
    await closeConnections(folder);
    expect(ssh().sort()).toEqual(["one", "two"].map((name) => `-O exit -o ControlPath=${join(folder, name)} x`));
    expect(existsSync(folder)).toBe(false);
    for (const server of servers) server.close();
  });

  it("kills no process that only has the id of an agent", async () => {
    const other = spawn("sleep", ["30"], { stdio: "ignore" });
    const folder = createControlFolder();
    writeFileSync(join(folder, AGENT_PID), String(other.pid));
    await closeConnections(folder);
    expect(alive(other.pid ?? 0)).toBe(true);
    other.kill("SIGKILL");
  });

  it.each(["1", "0", "-1", "", "x"])("kills nothing by the id %j", async (pid) => {
    const folder = createControlFolder();
    writeFileSync(join(folder, AGENT_PID), pid);
    const kill = vi.spyOn(process, "kill").mockReturnValue(true);
    await closeConnections(folder);
    expect(kill.mock.calls.filter(([, signal]) => signal === undefined)).toEqual([]);
    kill.mockRestore();
  });
});
