import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repairKey } from "../../src/connection/private-key.js";
import { createFolder } from "../support/folder.js";

function makeKey(...options: string[]): { file: string; text: string } {
  const file = join(createFolder(), "key");
  execFileSync("ssh-keygen", ["-q", "-N", "", "-f", file, ...options]);
  return { file, text: readFileSync(file, "utf8") };
}

describe("repairKey", () => {
  it.each([
    ["ed25519", ["-t", "ed25519"]],
    ["RSA in PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["ECDSA in PKCS 8", ["-t", "ecdsa", "-m", "PKCS8"]],
  ])("leaves a whole %s key as it is", (_, options) => {
    const { text } = makeKey(...options);
    expect(repairKey(text)).toEqual({ text, repairs: [] });
  });

  it("repairs line ends and the missing last one, and says so", () => {
    const { text } = makeKey("-t", "ed25519");
    expect(repairKey(text.trimEnd().replaceAll("\n", "\r\n"))).toEqual({
      text,
      repairs: ["Windows line ends were replaced", "the missing last line end was added"],
    });
    expect(repairKey(text.trimEnd()).repairs).toEqual(["the missing last line end was added"]);
    expect(repairKey(`\n  ${text}`)).toEqual({ text, repairs: ["blank space around the key was removed"] });
  });

  it.each([
    ["OpenSSH's own format", ["-t", "ed25519"]],
    ["PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["PKCS 8", ["-t", "ecdsa", "-m", "PKCS8"]],
  ])("refuses a key with a passphrase in %s", (_, options) => {
    const { text } = makeKey(...options, "-N", "passphrase");
    expect(() => repairKey(text)).toThrow(/^ssh-private-key is protected by a passphrase: .*\.$/);
  });

  it("refuses a public key, and what is no key, without showing it", () => {
    const { file } = makeKey("-t", "ed25519");
    expect(() => repairKey(readFileSync(`${file}.pub`, "utf8"))).toThrow(
      /^ssh-private-key is a public key: .*\.pub\.$/,
    );
    for (const text of ["hunter2", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "PuTTY-User-Key-File-3: x"]) {
      expect(() => repairKey(text)).toThrow(/^ssh-private-key is no private key: give the whole text of the key file/);
    }
  });
});
