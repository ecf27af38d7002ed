import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh key that ssh-keygen made, by its texts alone. Default: ed25519 without a passphrase. */
export function makeKey(...options: string[]): { text: string; publicKey: string } {
  const folder = mkdtempSync(join(tmpdir(), "unit-key-"));
  try {
    const file = join(folder, "key");
    const kind = options.includes("-t") ? [] : ["-t", "ed25519"];
    execFileSync("ssh-keygen", ["-q", "-N", "", "-f", file, ...kind, ...options]);
    return { text: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
