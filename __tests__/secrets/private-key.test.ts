import { describe, expect, it } from "vitest";
import { repairKeys } from "../../src/secrets/private-key.js";
import { makeKey } from "../support/keys.js";

const ed25519 = makeKey();

describe("repairKeys", () => {
  it.each([
    ["ed25519", ["-t", "ed25519"]],
    ["RSA in PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["RSA in PEM with a passphrase", ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "passphrase"]],
    ["ECDSA in PKCS 8", ["-t", "ecdsa", "-m", "PKCS8"]],
  ])("leaves a whole %s key as it is", (_, options) => {
    const { text } = makeKey(...options);
    expect(repairKeys(text)).toEqual({ keys: [text], repairs: [] });
  });

  const { text } = ed25519;
  it.each<[string, string, string[]]>([
    ["Windows line ends", text.replaceAll("\n", "\r\n"), ["Windows line ends were replaced"]],
    ["no last line end", text.trimEnd(), ["the missing last line end was added"]],
    ["blank lines and spaces around it", `\n  ${text} \n`, ["blank space around it was removed"]],
    ["quotes around it", `"${text}"`, ["the quotes around it were removed"]],
    ["base64 around it", Buffer.from(text).toString("base64"), ["the base64 around it was decoded"]],
    ["literal line ends", text.replaceAll("\n", "\\n"), ['"\\n" was replaced by line ends']],
    ["all in one line", `${text.trimEnd().replaceAll("\n", " ")}\n`, ["blanks and line ends inside it were put right"]],
    ["one line with more blanks", `${text.trimEnd().replaceAll("\n", "   ")}\n`, []],
    ["line ends of an old Mac", text.replaceAll("\n", "\r"), ["Windows line ends were replaced"]],
    ["literal Windows line ends", text.replaceAll("\n", "\\r\\n"), ['"\\n" was replaced by line ends']],
    ["single quotes and blanks around it", ` '${text}' \n`, ["the quotes around it were removed"]],
    ["base64 in quotes", `"${Buffer.from(text).toString("base64")}"`, ["the base64 around it was decoded"]],
    ["indented lines", text.replaceAll(/^/gm, "  "), ["blanks and line ends inside it were put right"]],
  ])("repairs %s, and says so", (_, given, repairs) => {
    const repaired = repairKeys(given);
    expect(repaired.keys).toEqual([text]);
    expect(repaired.repairs).toEqual(expect.arrayContaining(repairs));
  });

  it("repairs the headers of an old PEM key in Windows lines", () => {
    const pem = makeKey("-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "passphrase").text;
    expect(repairKeys(pem.replaceAll("\n", "\r\n")).keys).toEqual([pem]);
    expect(repairKeys(pem.replaceAll(/^(?=.)/gm, "  ")).keys).toEqual([pem]);
  });

  it("takes several keys, with what stands between them", () => {
    const other = makeKey("-t", "ecdsa", "-m", "PKCS8").text;
    expect(repairKeys(`${text}\n# the other one\n${other}`).keys).toEqual([text, other]);
  });

  it.each([
    ["a public key", ed25519.publicKey, /^ssh-private-key is a public key: .*\.pub\.$/],
    ["PuTTY's format", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", /PuTTY's format: .*puttygen key\.ppk/],
    ["a key that is cut off", text.slice(0, text.length / 2), /^ssh-private-key is cut off: .*gh secret set/],
    ["a path", "~/.ssh/id_ed25519\n", /^ssh-private-key is a path: /],
    ["a whole path", "  /root/.ssh/id_ed25519  ", /^ssh-private-key is a path: /],
    ["a text with a path in it", "the key is /root/key", /^ssh-private-key is no private key: /],
    ["a path and more", "/root/key is it", /^ssh-private-key is no private key: /],
    [
      "a certificate",
      "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1l me\n",
      /^ssh-private-key is a certificate: give the private key that it belongs to\.$/,
    ],
    ["an indented public key", `\n\t${ed25519.publicKey}`, /^ssh-private-key is a public key: /],
    ["a public key of PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n", /^ssh-private-key is a public key: /],
    ["a public key of others", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", /^ssh-private-key is a public key: /],
    ["a text about keys", "see my-ssh-rsa AAAA", /^ssh-private-key is no private key: /],
    ["a stray end before a key", `-----END RSA PRIVATE KEY-----\n${text}`, /^ssh-private-key is cut off: /],
    ["any other text", "hunter2", /^ssh-private-key is no private key: give the whole text/],
  ])("refuses %s, and says what to give instead", (_, given, sentence) => {
    expect(() => repairKeys(given)).toThrow(sentence);
    expect(() => repairKeys(given)).not.toThrow(/hunter2|AAAA/);
  });
});
