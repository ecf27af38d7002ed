// Writes ansible.lock and uv-requirements.lock: exact versions with hashes, no index host.
// Needs uv on PATH (or UV=path), and takes the index from uv's own configuration.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const uv = process.env.UV ?? "uv";
const version = /UV_VERSION = "([\d.]+)"/.exec(readFileSync(join(root, "src/toolchain/uv-release.ts"), "utf8"))?.[1];
if (!version) throw new Error("src/toolchain/uv-release.ts names no UV_VERSION");

/** @param {string} input @param {string[]} options */
const compile = (input, ...options) =>
  execFileSync(
    uv,
    [
      "pip",
      "compile",
      "--quiet",
      "--no-header",
      "--no-annotate",
      "--generate-hashes",
      "--python-version",
      "3.11",
      ...options,
      "-",
    ],
    { cwd: root, input, encoding: "utf8", stdio: ["pipe", "pipe", "inherit"] },
  ).replace(/^(--(index|extra-index|find-links|trusted-host)\S*|-[if]).*\n/gm, "");

const header = "# Made by `npm run lock`. Do not edit.\n";
writeFileSync(
  join(root, "ansible.lock"),
  header + compile(readFileSync(join(root, "ansible.in"), "utf8"), "--universal"),
);
writeFileSync(join(root, "uv-requirements.lock"), header + compile(`uv==${version}\n`));
