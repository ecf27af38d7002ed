import { DeployError } from "../errors.js";

/** A line of a known_hosts file: an optional marker, names, the type of the key and the key (sshd(8)). */
const LINE = /^(@(cert-authority|revoked)\s+)?\S+\s+(ssh|ecdsa|sk)-[\w@.-]+\s+[A-Za-z0-9+/]+={0,3}(\s.*)?$/;

/**
 * The text of a known_hosts file from the input `known-hosts`: without Windows line ends and blanks around lines.
 *
 * @throws DeployError with the line that ssh would pass over in silence.
 */
export function knownHosts(text: string): string {
  const lines = text.split(/\r\n?|\n/).map((line) => line.trim());
  for (const [index, line] of lines.entries()) {
    if (line === "" || line.startsWith("#") || LINE.test(line)) continue;
    throw new DeployError(`known-hosts has ${what(line)} in line ${index + 1}: ${HOW}`);
  }
  return `${lines.join("\n").trim()}\n`;
}

const HOW = "a line is `host type key`, as `ssh-keyscan host` prints it (for another port: `[host]:port type key`).";

function what(line: string): string {
  if (/^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]/.test(line)) return "a key without a host's name before it";
  if (/SHA256:/.test(line)) return "a fingerprint, which cannot be checked against,";
  if (/PRIVATE KEY/.test(line)) return "a private key";
  return "what is no host key";
}
