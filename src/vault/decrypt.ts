import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** Whether a file's text is encrypted as a whole by ansible-vault. */
export function isVault(text: string): boolean {
  return text.startsWith("$ANSIBLE_VAULT;");
}

/** The vault id in a vault text's header; "" when it has none, which is what the default id writes. */
export function vaultIdOf(text: string): string {
  return /^\$ANSIBLE_VAULT;1\.2;AES256;(.+)$/m.exec(text.slice(0, 200))?.[1]?.trim() ?? "";
}

interface Parts {
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly cipher: Buffer;
}

/** The three parts of a vault text; undefined when it is of another format than 1.1 and 1.2 (ansible/parsing/vault). */
function partsOf(text: string): Parts | undefined {
  const [header = "", ...rest] = text.trim().split(/\r?\n/);
  if (!/^\$ANSIBLE_VAULT;1\.[12];AES256(;|$)/.test(header)) return undefined;
  const parts = Buffer.from(rest.join("").replace(/\s+/g, ""), "hex").toString("latin1").split("\n");
  const [salt, hmac, cipher] = parts.map((part) => Buffer.from(part, "hex"));
  return salt && hmac?.length === 32 && cipher ? { salt, hmac, cipher } : undefined;
}

/** In the background: it is slow on purpose, and signals have to be heard meanwhile. */
const derive = promisify(pbkdf2);

/** The keys that a password makes of a vault text: PBKDF2 with SHA-256, 10,000 rounds; undefined when it does not open it. */
async function keysOf({ salt, hmac, cipher }: Parts, password: string): Promise<Buffer | undefined> {
  const keys = await derive(password.trim(), salt, 10_000, 80, "sha256");
  const expected = createHmac("sha256", keys.subarray(32, 64)).update(cipher).digest();
  return timingSafeEqual(expected, hmac) ? keys : undefined;
}

/**
 * Whether one of the passwords opens a vault text.
 *
 * @returns undefined when the text is of another format.
 */
export async function opensVault(text: string, passwords: readonly string[]): Promise<boolean | undefined> {
  const parts = partsOf(text);
  if (!parts) return undefined;
  const found = await Promise.all(passwords.map((password) => keysOf(parts, password)));
  return found.some((keys) => keys !== undefined);
}

/** What a vault text holds (AES-256 in counter mode, padded); undefined when none of the passwords opens it. */
export async function decryptVault(text: string, passwords: readonly string[]): Promise<string | undefined> {
  const parts = partsOf(text);
  if (!parts) return undefined;
  const keys = (await Promise.all(passwords.map((password) => keysOf(parts, password)))).find(
    (one) => one !== undefined,
  );
  if (!keys) return undefined;
  const decipher = createDecipheriv("aes-256-ctr", keys.subarray(0, 32), keys.subarray(64, 80));
  const padded = Buffer.concat([decipher.update(parts.cipher), decipher.final()]);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString("utf8");
}
