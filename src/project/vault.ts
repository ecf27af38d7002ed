import { createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

/** Whether a file's text is encrypted as a whole by ansible-vault. */
export function isVault(text: string): boolean {
  return text.startsWith("$ANSIBLE_VAULT;");
}

/**
 * Whether a password opens a vault text (format 1.1 and 1.2: PBKDF2 with SHA-256, 10,000 rounds, then an HMAC over the
 * cipher text; ansible/parsing/vault).
 *
 * @returns undefined when the text is of another format.
 */
export function opensVault(text: string, password: string): boolean | undefined {
  const [header = "", ...rest] = text.trim().split(/\r?\n/);
  if (!/^\$ANSIBLE_VAULT;1\.[12];AES256(;|$)/.test(header)) return undefined;
  const parts = Buffer.from(rest.join("").replace(/\s+/g, ""), "hex").toString("latin1").split("\n");
  const [salt, hmac, cipher] = parts.map((part) => Buffer.from(part, "hex"));
  if (!salt || !hmac || !cipher || hmac.length !== 32) return undefined;
  const keys = pbkdf2Sync(password.trim(), salt, 10_000, 80, "sha256");
  return timingSafeEqual(createHmac("sha256", keys.subarray(32, 64)).update(cipher).digest(), hmac);
}
