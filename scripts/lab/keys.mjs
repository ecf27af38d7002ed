import { readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./shell.mjs";

/**
 * A fresh SSH key without a passphrase: the file it is in, and the line for authorized_keys.
 * @param {string} folder
 * @param {string} [name]
 */
export async function makeKey(folder, name = "id_ed25519") {
  const file = join(folder, name);
  await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file]);
  return { file, text: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}
