import { DeployError } from "../errors.js";

/** Private keys as ssh reads them, one text each, and what had to be changed for that. */
export interface RepairedKeys {
  readonly keys: readonly string[];
  /** For the log; holds nothing of a key. */
  readonly repairs: readonly string[];
}

/**
 * Brings the text of one or more private keys into the form that ssh reads, and undoes what pasting and storing does to
 * keys: base64 around it, `\n` as two characters, quotes, Windows line ends, blanks, a missing last line end.
 *
 * @throws DeployError when it is plainly no private key, with what it is and how to make one of it. Whether a key is whole
 * is ssh-keygen's to judge.
 */
export function repairKeys(given: string): RepairedKeys {
  const repairs: string[] = [];
  let text = given;
  const change = (what: string, changed: string): void => {
    if (changed !== text) repairs.push(what);
    text = changed;
  };
  change("the base64 around it was decoded", withoutBase64(text));
  change("the quotes around it were removed", text.replace(/^\s*(["'])(-----BEGIN[\s\S]*)\1\s*$/, "$2"));
  change('"\\n" was replaced by line ends', text.replaceAll(/(\\r)?\\n/g, "\n"));
  change("Windows line ends were replaced", text.replaceAll(/\r\n?/g, "\n"));
  if (!text.endsWith("\n")) repairs.push("the missing last line end was added");

  const { blocks, rest } = blocksIn(text);
  refuseOthers(rest, blocks.length > 0);
  const keys = blocks.map(({ block, kind, body }) => {
    const lines = linesOf(body);
    const key = [`-----BEGIN ${kind}PRIVATE KEY-----`, ...lines, `-----END ${kind}PRIVATE KEY-----`, ""].join("\n");
    if (key.trimEnd() !== block) repairs.push("blanks and line ends inside it were put right");
    return key;
  });
  if (text.trim() !== text.replace(/\n$/, "")) repairs.push("blank space around it was removed");
  return { keys, repairs: [...new Set(repairs)] };
}

interface Block {
  readonly block: string;
  /** What stands before "PRIVATE KEY", with the blank after it. */
  readonly kind: string;
  readonly body: string;
}

/** The keys in a text, each from its first to its last line, and what is left without them. */
function blocksIn(text: string): { readonly blocks: readonly Block[]; readonly rest: string } {
  const blocks: Block[] = [];
  let rest = "";
  let end = 0;
  for (const { 0: begin, 1: kind = "", index } of text.matchAll(/-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY-----/g)) {
    const last = `-----END ${kind}PRIVATE KEY-----`;
    const close = index < end ? -1 : text.indexOf(last, index);
    if (close === -1) continue;
    blocks.push({ block: text.slice(index, close + last.length), kind, body: text.slice(index + begin.length, close) });
    rest += text.slice(end, index);
    end = close + last.length;
  }
  return { blocks, rest: rest + text.slice(end) };
}

/** Some stores keep a key in one line, with blanks for line ends; the headers of old PEM keys hold blanks of their own. */
function linesOf(body: string): string[] {
  const lines = body
    .split("\n")
    .map((line) => line.trim())
    .filter((line, index, all) => line !== "" || all[index - 1]?.includes(":"));
  if (lines.some((line) => line.includes(":"))) return lines;
  return lines.flatMap((line) => line.split(/\s+/));
}

function withoutBase64(text: string): string {
  const decoded = Buffer.from(text, "base64").toString("latin1");
  return decoded.includes("-----BEGIN ") ? decoded : text;
}

/** Says what a text is that is no private key, or what is left beside the keys. */
function refuseOthers(rest: string, found: boolean): void {
  if (/-----(BEGIN|END) [A-Z0-9 ]*PRIVATE KEY-----/.test(rest)) {
    throw new DeployError(
      'ssh-private-key is cut off: a key goes from its "BEGIN" line to its "END" line; store it again, for example with `gh secret set SSH_PRIVATE_KEY < key`.',
    );
  }
  if (found) return;
  if (rest.includes("PuTTY-User-Key-File")) {
    throw new DeployError(
      "ssh-private-key is in PuTTY's format: convert it with `puttygen key.ppk -O private-openssh -o key` and give the text of the file key.",
    );
  }
  if (rest.includes("-cert-v01@openssh.com ")) {
    throw new DeployError("ssh-private-key is a certificate: give the private key that it belongs to.");
  }
  if (/^[ \t]*(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]/m.test(rest) || /BEGIN (SSH2 )?PUBLIC KEY/.test(rest)) {
    throw new DeployError("ssh-private-key is a public key: give the private one, the file without .pub.");
  }
  if (/^\s*[~.]?\/\S+\s*$/.test(rest)) {
    throw new DeployError("ssh-private-key is a path: give the text of the key file, as a secret.");
  }
  throw new DeployError(
    'ssh-private-key is no private key: give the whole text of the key file, from its "BEGIN" line to its "END" line.',
  );
}
