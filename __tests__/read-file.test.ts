import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseSync } from "vite";
import { describe, expect, it, onTestFinished } from "vitest";
import { entriesIn, kindOf, readBytes, readPiece, readText, readTextIfThere, requireFile } from "../src/read-file.js";
import { createFolder } from "./support/folder.js";

describe("readText", () => {
  const at = (folder: string, path: string) => ({
    path: join(folder, path),
    name: `the file ${path}`,
    workspace: folder,
  });

  it("reads a file, also through a link that stays in the workspace", () => {
    const folder = createFolder({ "a/text": "täxt\n" });
    symlinkSync("a/text", join(folder, "link"));
    symlinkSync("a", join(folder, "folder"));
    for (const path of ["a/text", "link", "folder/text"]) {
      expect(readText(at(folder, path))).toBe("täxt\n");
      expect(kindOf(at(folder, path))).toBe("file");
    }
    expect(kindOf(at(folder, "folder"))).toBe("folder");
    expect(readBytes(at(folder, "a/text")).length).toBe(6);
    expect(readPiece(at(folder, "link"), 1, 2).toString()).toBe("ä");
  });

  it("tells what is not there from what cannot be read", () => {
    const folder = createFolder({ file: "" });
    symlinkSync("nowhere", join(folder, "dangling"));
    for (const path of ["none", "file/below", "dangling"]) {
      expect(readTextIfThere(at(folder, path))).toBeUndefined();
      expect(kindOf(at(folder, path))).toBeUndefined();
      expect(entriesIn(at(folder, path))).toEqual([]);
      expect(() => readText(at(folder, path))).toThrow(
        /^the file .* does not exist(, since a part .* is no folder)?\.$/,
      );
    }
  });

  it("reads what the system makes up, which has no size", () => {
    if (process.platform !== "linux") return;
    expect(readBytes({ path: "/proc/self/cmdline", name: "x" }).length).toBeGreaterThan(0);
  });

  const refused: readonly (readonly [string, (path: string) => void | Promise<void>, RegExp])[] = [
    ["a named pipe", (path) => void execFileSync("mkfifo", [path]), /is a named pipe: a regular file is needed\.$/],
    ["a folder", (path) => void execFileSync("mkdir", [path]), /is a folder: a regular file is needed\.$/],
    ["a link to a device", (path) => symlinkSync("/dev/zero", path), /is a link that leads out of the workspace/],
    [
      "a link to a file elsewhere",
      (path) => symlinkSync("/etc/passwd", path),
      /is a link that leads out of the workspace: put the file itself there\.$/,
    ],
    [
      "a link to itself",
      (path) => symlinkSync(path, path),
      /is a link that leads back to itself: put the file itself there\.$/,
    ],
    [
      "1 GB",
      (path) => {
        writeFileSync(path, "");
        truncateSync(path, 1_073_741_824);
      },
      /is larger than 4 MB, the most that is read of such a file: make it smaller\.$/,
    ],
    ["a NUL byte", (path) => writeFileSync(path, "a\0b"), /holds a NUL byte, so it is no text: store it as UTF-8\.$/],
    [
      "a socket",
      (path) =>
        new Promise((resolve) => {
          const server = createServer().listen(path, resolve);
          onTestFinished(() => void server.close());
        }),
      /is a socket( or a device)?: a regular file is needed\.$/,
    ],
  ];

  it.each(refused)("refuses %s, at once and in one sentence", async (_, make, message) => {
    const folder = createFolder();
    await make(join(folder, "x"));
    const start = process.cpuUsage();
    expect(() => readText(at(folder, "x"))).toThrow(message);
    expect(() => readTextIfThere(at(folder, "x"))).toThrow(/^the file x .*\.$/);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(500);
  });

  it("refuses a device, and a path that is none", () => {
    expect(() => requireFile({ path: "/dev/zero", name: "x" })).toThrow("x is a device: a regular file is needed.");
    expect(() => readText({ path: "/a\0b", name: "x" })).toThrow("x has a NUL character in its path: remove it.");
    expect(() => readText({ path: `/${"a".repeat(5_000)}`, name: "x" })).toThrow(/^x has a path that is too long/);
  });

  it("refuses what this user may not read", () => {
    const folder = createFolder({ x: "" });
    execFileSync("chmod", ["000", join(folder, "x")]);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(() => readText(at(folder, "x"))).toThrow(/^the file x may not be read by the runner's user/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describe("src/read-file.ts", () => {
  /** Functions of Node that read or list what a path names. */
  const READING =
    /^(readFile|readFileSync|createReadStream|open|openSync|openAsBlob|read|readSync|readv|readdir|readdirSync|opendir|opendirSync|cp|cpSync|copyFile|copyFileSync|watch)$/;

  it("is the one file that reads or lists what a path names", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
    const others = files.flatMap((path) => {
      const { program } = parseSync(path, readFileSync(join("src", path), "utf8"));
      const names = program.body.flatMap((statement) => {
        if (statement.type !== "ImportDeclaration" || !/^(node:)?fs(\/promises)?$/.test(statement.source.value))
          return [];
        return statement.specifiers.map((one) =>
          one.type === "ImportSpecifier" && one.imported.type === "Identifier" ? one.imported.name : "*",
        );
      });
      return names.filter((name) => name === "*" || READING.test(name)).map((name) => `${path}: ${name}`);
    });
    expect(others.filter((found) => !found.startsWith("read-file.ts: "))).toEqual([]);
    expect(others).toContain("read-file.ts: openSync");
    const loaded = files.filter((path) =>
      /require\(|import\(\s*["'](node:)?fs|process\.binding/.test(readFileSync(join("src", path), "utf8")),
    );
    expect(loaded).toEqual([]);
  });
});
