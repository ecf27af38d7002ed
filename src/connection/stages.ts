import type { Ended } from "../process/run.js";

/** Where the way to a host ends, as `ssh -v` tells it. */
export interface Stage {
  /** "" when the output tells nothing of use. */
  readonly kind: "" | "network" | "unknown-key" | "changed-key" | "authentication" | "shell" | "host";
  /** What follows the host's name, ended by a full stop. */
  readonly sentence: string;
  /** Whether a bastion before the host is where it ends. */
  readonly jump: boolean;
  /** Name of the host in known_hosts. */
  readonly keyName?: string;
  readonly keyType?: string;
  readonly keyFile?: string;
  /** Of the key that was shown. */
  readonly fingerprint?: string;
  readonly user?: string;
  /** Type and fingerprint of each key. */
  readonly offered?: readonly string[];
  readonly methods?: string;
}

/** ssh's words for where a connection ends, and ours. The first one that fits counts. */
const NETWORK: readonly (readonly [words: RegExp, sentence: string])[] = [
  [/Could not resolve hostname/, "is no name that the runner can resolve: check the address, or the runner's DNS."],
  [/administratively prohibited/, "the bastion forbids forwarding: set AllowTcpForwarding yes in its sshd_config."],
  [/open failed: connect failed: Connection refused/, "the bastion finds no sshd on that address and port."],
  [
    /open failed: connect failed: ((Connection|Operation) timed out|(Network|Host) is unreachable|No route)/,
    "the bastion has no way to that address and port.",
  ],
  [
    /open failed: connect failed: (Name or service not known|nodename nor servname|(Temporary|Non-recoverable) failure in name resolution)/,
    "the bastion cannot resolve that name.",
  ],
  [
    /timed out during banner exchange/,
    "accepts connections and says nothing: what listens on that port is no sshd, or it is overloaded.",
  ],
  [
    /No route to host|Network is unreachable/,
    "has no route from the runner: check the address, or whether the runner has to be in a private network or needs jump-host.",
  ],
  [/Connection refused/, "refuses connections: no sshd listens on that address and port; check both."],
  [
    /[Cc]onnection timed out|Operation timed out/,
    "does not answer: a firewall probably drops the runner's packets, or the address is wrong.",
  ],
  [
    /no matching (host key type|key exchange method|cipher|MAC) found/,
    "and the runner's ssh have no algorithm in common: its sshd is too old, or one of the two is restricted.",
  ],
  [
    /kex_exchange_identification|banner exchange|ssh_exchange_identification/,
    "closes each connection at once: it limits or blocks the runner (MaxStartups, fail2ban, hosts.deny), or no sshd listens there.",
  ],
];

/** Reads how far a connection came. */
export function readStage({ code, stdout, stderr }: Ended): Stage {
  const jump = /UNKNOWN port 65535|stdio forwarding failed/.test(stderr);
  const host = (kind: Stage["kind"], sentence: string, more: Partial<Stage> = {}): Stage => ({
    kind,
    sentence,
    jump,
    ...more,
  });
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr)) return host("changed-key", "", changed(stderr));
  const missing = /No (\S+) host key is known for (\S+) and you have requested strict checking/.exec(stderr);
  if (missing) return host("unknown-key", "", { keyName: missing[2] ?? "" });
  if (/Permission denied \(|Too many authentication failures/.test(stderr)) {
    return host("authentication", "", offer(stderr));
  }
  if (/^dad-shell$/m.test(stdout)) return atHost(stdout, host);
  if (!jump && /^Authenticated to |debug1: Authentication succeeded/m.test(stderr)) {
    const said = stdout.trim().split("\n").at(-1)?.trim() || `it ends with code ${code}`;
    return host("shell", `lets the user in, but gives no shell: ${said.replace(/\.$/, "")}.`, { jump: false });
  }
  const network = NETWORK.find(([words]) => words.test(stderr));
  if (network) return host("network", network[1]);
  // Killed by the time limit before ssh gave up.
  if (code >= 128) return host("network", "does not answer in time.");
  return host("", "");
}

function atHost(stdout: string, host: (kind: Stage["kind"], sentence: string) => Stage): Stage {
  if (/^dad-no-python$/m.test(stdout)) {
    return host("host", "has no Python 3: install it there once, for example with `apt install python3`.");
  }
  const [, place, why = ""] = /^dad-no-write (\S+): (.*)$/m.exec(stdout) ?? [];
  if (place === undefined) return host("", "");
  if (/No space left|quota/i.test(why)) return host("host", `has no space left in ${place}: free some.`);
  if (/Read-only/i.test(why)) return host("host", `has a read-only file system at ${place}, where Ansible writes.`);
  return host("host", `does not let its user write to ${place}: ${why}.`);
}

function changed(stderr: string): Partial<Stage> {
  const [, keyType = "", fingerprint = ""] =
    /fingerprint for the (\S+) key sent by the remote host is\s+(\S+?)\.?\s/.exec(stderr) ?? [];
  const [, keyFile = ""] = /^Offending \S+ key in (.+):\d+/m.exec(stderr) ?? [];
  const [, keyName = ""] = /Host key for (\S+) has changed/.exec(stderr) ?? [];
  return { keyType, fingerprint, keyFile, keyName };
}

function offer(stderr: string): Partial<Stage> {
  const user = /Authenticating to \S+ as '([^']*)'/g;
  const last = [...stderr.matchAll(user)].at(-1)?.[1] ?? /^(\S+)@[^\s@]+: Permission denied/m.exec(stderr)?.[1];
  const offered = [...stderr.matchAll(/^debug\d: Offering public key: .* ([\w-]+) (SHA256:\S+)/gm)].map(
    ([, type, key]) => `${type} ${key}`,
  );
  const methods = [...stderr.matchAll(/Permission denied \(([^()]*)\)/g)].at(-1)?.[1] ?? "";
  return { ...(last === undefined ? {} : { user: last }), offered: [...new Set(offered)], methods };
}
