import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

/** Whether a file's text is encrypted as a whole by ansible-vault. */
export function isVault(text: string): boolean {
  return text.startsWith("$ANSIBLE_VAULT;");
}

/** The vault id in a vault text's header; "" when it has none, which is what the default id writes. */
export function vaultIdOf(text: string): string {
  return /^\$ANSIBLE_VAULT;1\.2;AES256;(.+)$/m.exec(text.slice(0, 200))?.[1]?.trim() ?? "";
}

/** The three parts of a vault text; undefined when it is of another format than 1.1 and 1.2 (ansible/parsing/vault). */
function partsOf(text: string): { salt: Buffer; hmac: Buffer; cipher: Buffer } | undefined {
  const [header = "", ...rest] = text.trim().split(/\r?\n/);
  if (!/^\$ANSIBLE_VAULT;1\.[12];AES256(;|$)/.test(header)) return undefined;
  const parts = Buffer.from(rest.join("").replace(/\s+/g, ""), "hex").toString("latin1").split("\n");
  const [salt, hmac, cipher] = parts.map((part) => Buffer.from(part, "hex"));
  return salt && hmac?.length === 32 && cipher ? { salt, hmac, cipher } : undefined;
}

/**
 * Whether a password opens a vault text: PBKDF2 with SHA-256, 10,000 rounds, then an HMAC over the cipher text.
 *
 * @returns undefined when the text is of another format.
 */
export function opensVault(text: string, password: string): boolean | undefined {
  const parts = partsOf(text);
  if (!parts) return undefined;
  const keys = pbkdf2Sync(password.trim(), parts.salt, 10_000, 80, "sha256");
  return timingSafeEqual(createHmac("sha256", keys.subarray(32, 64)).update(parts.cipher).digest(), parts.hmac);
}

/** What a vault text holds (AES-256 in counter mode, padded); undefined when the password does not open it. */
export function decryptVault(text: string, password: string): string | undefined {
  const parts = partsOf(text);
  if (!parts || !opensVault(text, password)) return undefined;
  const keys = pbkdf2Sync(password.trim(), parts.salt, 10_000, 80, "sha256");
  const decipher = createDecipheriv("aes-256-ctr", keys.subarray(0, 32), keys.subarray(64, 80));
  const padded = Buffer.concat([decipher.update(parts.cipher), decipher.final()]);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString("utf8");
}
