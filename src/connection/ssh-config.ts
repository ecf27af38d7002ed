import type { Inputs } from "../inputs.js";

/** Files and settings that one ssh_config text brings together. */
export interface SshSettings {
  /** Absolute path, "" when the agent or the runner's own keys are used. */
  readonly keyFile: string;
  /** Absolute path, "" when the runner's own known_hosts files are used. */
  readonly knownHostsFile: string;
  readonly checking: Inputs["hostKeyChecking"];
  /** Files that the project's ansible.cfg gives to ssh with -F; ours replaces that option, so they are included. */
  readonly includes: readonly string[];
}

const STRICT: Readonly<Record<Inputs["hostKeyChecking"], string>> = {
  strict: "yes",
  "accept-new": "accept-new",
  off: "no",
};

/**
 * The text of a file for `ssh -F`. ssh takes the first value that it meets, and options of an inventory or ansible.cfg
 * (`-o`) come before any file, so they still win (ssh_config(5)).
 */
export function sshConfig(settings: SshSettings): string {
  const lines = ["Host *", `  StrictHostKeyChecking ${STRICT[settings.checking]}`];
  if (settings.keyFile) lines.push(`  IdentityFile ${quote(settings.keyFile)}`, "  IdentitiesOnly yes");
  if (settings.knownHostsFile) {
    lines.push(`  UserKnownHostsFile ${quote(settings.knownHostsFile)}`, "  GlobalKnownHostsFile /dev/null");
  }
  for (const file of settings.includes) lines.push(`Include ${quote(file)}`);
  // With -F ssh reads neither its own nor the system's file; they matter where the runner's own access is used.
  if (!settings.keyFile && !settings.knownHostsFile) lines.push("Include ~/.ssh/config", "Include /etc/ssh/ssh_config");
  return `${lines.join("\n")}\n`;
}

/** ssh_config(5) reads double quotes, and % and ~ as the start of its own signs. */
function quote(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}

/** Files given with -F in ssh arguments such as ansible.cfg's `ssh_args`. */
export function configFilesIn(sshArguments: string): string[] {
  return [...sshArguments.matchAll(/(?:^|\s)-F\s*(?:"([^"]+)"|'([^']+)'|(\S+))/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? "",
  );
}
