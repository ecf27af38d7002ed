import { DeployError } from "../errors.js";

/** A key as ssh accepts it, and what had to be changed for that. */
export interface RepairedKey {
  readonly text: string;
  /** For the log; holds nothing of the key. */
  readonly repairs: readonly string[];
}

/**
 * Brings a private key's text into the form that ssh reads: line ends of Unix, and one at the end.
 *
 * @throws DeployError when it is plainly no private key, or one that only its passphrase opens.
 */
export function repairKey(given: string): RepairedKey {
  const repairs: string[] = [];
  let text = given;
  if (text.includes("\r")) {
    text = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    repairs.push("Windows line ends were replaced");
  }
  if (text !== text.trim() && text.trim() !== text.replace(/\n$/, "")) {
    repairs.push("blank space around the key was removed");
  }
  text = text.trim();
  if (!given.endsWith("\n")) repairs.push("the missing last line end was added");
  if (/^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/]/.test(text)) {
    throw new DeployError("ssh-private-key is a public key: give the private one, the file without .pub.");
  }
  const match = /^-----BEGIN ([A-Z ]*)PRIVATE KEY-----\n([\s\S]+)\n-----END \1PRIVATE KEY-----$/.exec(text);
  if (!match) {
    throw new DeployError(
      'ssh-private-key is no private key: give the whole text of the key file, from its "BEGIN" line to its "END" line.',
    );
  }
  const [, kind = "", body = ""] = match;
  if (isEncrypted(kind, body)) {
    throw new DeployError("ssh-private-key is protected by a passphrase: give a key for deployments that has none.");
  }
  return { text: `${text}\n`, repairs };
}

/** Both formats say in clear text whether the key is encrypted: the PEM header, or the cipher's name in OpenSSH's own. */
function isEncrypted(kind: string, body: string): boolean {
  if (kind === "ENCRYPTED " || /^Proc-Type: .*ENCRYPTED/m.test(body)) return true;
  if (kind !== "OPENSSH ") return false;
  const bytes = Buffer.from(body.replace(/\s+/g, ""), "base64");
  const magic = Buffer.from("openssh-key-v1\0");
  if (!bytes.subarray(0, magic.length).equals(magic) || bytes.length < magic.length + 8) return false;
  const length = bytes.readUInt32BE(magic.length);
  const cipher = bytes.subarray(magic.length + 4, magic.length + 4 + length).toString("latin1");
  return cipher !== "none";
}
