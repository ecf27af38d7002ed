import type { Inputs } from "../inputs/inputs.js";

/** Files and settings that one ssh_config text brings together. */
export interface SshSettings {
  /** Absolute paths of keys; without one, the agent or the runner's own keys are used. */
  readonly keyFiles: readonly string[];
  /** Absolute path of the socket of the action's own agent; "" when no key is given. */
  readonly agentSocket: string;
  /** Lines of the chain of bastions. */
  readonly jumpHosts: readonly string[];
  /** Absolute path, "" when the runner's own known_hosts files are used and not changed. */
  readonly knownHostsFile: string;
  /** Whether the runner's own known_hosts files count as well; what ssh learns goes into `knownHostsFile`. */
  readonly runnersKnownHosts: boolean;
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
  const lines = [...settings.jumpHosts, "Host *", `  StrictHostKeyChecking ${STRICT[settings.checking]}`];
  // The given keys and no others: neither the runner's files nor what the job's agent holds.
  for (const file of settings.keyFiles) lines.push(`  IdentityFile ${quote(file)}`);
  if (settings.keyFiles.length > 0) lines.push("  IdentitiesOnly yes");
  else if (settings.agentSocket) lines.push("  IdentityFile none");
  if (settings.agentSocket) lines.push(`  IdentityAgent ${quote(settings.agentSocket)}`);
  if (settings.knownHostsFile) {
    const further = settings.runnersKnownHosts ? " ~/.ssh/known_hosts ~/.ssh/known_hosts2" : "";
    lines.push(`  UserKnownHostsFile ${quote(settings.knownHostsFile)}${further}`);
    if (!settings.runnersKnownHosts) lines.push("  GlobalKnownHostsFile /dev/null");
  }
  // What hosts say of their other keys is for the person who keeps known-hosts, and the runner's files stay as they are.
  lines.push("  UpdateHostKeys no");
  for (const file of settings.includes) lines.push(`Include ${quote(file)}`);
  // With -F ssh reads neither its own nor the system's file; they matter where the runner's own access is used.
  const ownKeys = settings.keyFiles.length > 0 || settings.agentSocket !== "";
  if (!ownKeys && (!settings.knownHostsFile || settings.runnersKnownHosts)) {
    lines.push("Include ~/.ssh/config", "Include /etc/ssh/ssh_config");
  }
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
