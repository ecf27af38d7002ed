import { join } from "node:path";
import { quoted } from "../errors.js";
import { extended, helperEnvironment, type ProgramEnvironment } from "../process/program-environment.js";
import { type Ended, run } from "../process/run.js";
import { readText } from "../read-file.js";
import { readStage, type Stage } from "./stages.js";
import type { SshTarget } from "./targets.js";

/** What a diagnosis works with. */
export interface DiagnoseParts {
  /** Arguments that every ssh of the run gets. */
  readonly arguments: readonly string[];
  /** Where host keys that are not known are written down to be shown. */
  readonly folder: string;
  /** Aliases of the bastions by the name under which known_hosts would have their keys. */
  readonly jumps: ReadonlyMap<string, string>;
  /** Lines of a public key file for what is offered; "" when it is not the action's key. */
  readonly publicKey: string;
  /** How the known host keys are given, for the sentences. */
  readonly knownHosts: string;
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
}

/** More hosts than this fail for one cause. */
const MOST = 50;

/** Milliseconds for one attempt; ssh itself gives up after {@link CONNECT_SECONDS}. */
const LIMIT = 8_000;
const CONNECT_SECONDS = 5;

/**
 * What runs on a host that lets the action in: is there a Python, and can its user write where Ansible does? `date` tells
 * why it could not write; what is built into the shell says "I/O error" only.
 */
const PROBE = [
  "/bin/sh -c 'echo dad-shell",
  "command -v python3 >/dev/null || echo dad-no-python",
  'd="$HOME/.ansible/tmp"; [ -d "$d" ] || d="$HOME/.ansible"; [ -d "$d" ] || d="$HOME"',
  'for p in "$d" /tmp',
  'do f="$p/.dad-$$"; e=$( (date >"$f") 2>&1) || echo "dad-no-write $p: $e"; rm -f "$f"; done\'',
].join("; ");

/**
 * Finds out by ssh itself at which stage the way to each host ends, all of them at once.
 *
 * @returns a sentence by host name; none for a host whose cause is not found.
 */
export async function diagnose(targets: readonly SshTarget[], parts: DiagnoseParts): Promise<Map<string, string>> {
  const found = await Promise.all(
    targets.slice(0, MOST).map(async (target, index) => [target.name, await causeOf(target, index, parts)] as const),
  );
  return new Map(found.filter((entry): entry is readonly [string, string] => entry[1] !== ""));
}

async function causeOf(target: SshTarget, index: number, parts: DiagnoseParts): Promise<string> {
  const result = await ssh(target, ["-v", "-o", `ConnectTimeout=${CONNECT_SECONDS}`], [PROBE], parts);
  const stage = readStage(result);
  switch (stage.kind) {
    case "unknown-key":
      return `${unknownKey(target, stage, parts)} ${await learned(target, stage, index, parts)}`;
    case "changed-key":
      return changedKey(target, stage, index, parts);
    case "authentication":
      return authentication(target, stage, parts);
    default:
      return stage.kind === "" ? "" : `${who(target, stage)} ${stage.sentence}`;
  }
}

function ssh(
  target: SshTarget,
  more: readonly string[],
  command: readonly string[],
  parts: DiagnoseParts,
): Promise<Ended> {
  const argv = [
    // ssh takes the first value of an option that it meets.
    ...["ssh", ...more, "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none"],
    ...[...target.options, ...parts.arguments, target.address, ...command],
  ] as unknown as [string, ...string[]];
  return run(argv, { env: extended(parts.env, { LC_ALL: "C" }), timeout: LIMIT, signal: parts.signal });
}

/** The host, or the bastion before it that the stage belongs to. */
function who({ name, address }: SshTarget, { jump }: Stage): string {
  if (jump) return `${name} cannot be reached through jump-host:`;
  return name === address ? `${name}` : `${name} (${address})`;
}

function unknownKey(target: SshTarget, stage: Stage, { jumps, knownHosts }: DiagnoseParts): string {
  const whose = jumps.has(stage.keyName ?? "") ? `the jump host ${stage.keyName}` : target.name;
  return `The host key of ${whose} is not in ${knownHosts}.`;
}

/** Fetches the key that is not known, for the person to compare and to store. */
async function learned(target: SshTarget, stage: Stage, index: number, parts: DiagnoseParts): Promise<string> {
  const file = join(parts.folder, `shown-${index}`);
  const options = [
    ...[
      "-o",
      "StrictHostKeyChecking=accept-new",
      "-o",
      `UserKnownHostsFile=${file}`,
      "-o",
      "GlobalKnownHostsFile=none",
    ],
    ...["-o", "HashKnownHosts=no", "-o", "PreferredAuthentications=none", "-o", `ConnectTimeout=${CONNECT_SECONDS}`],
  ];
  const hop = parts.jumps.get(stage.keyName ?? "");
  await ssh(hop === undefined ? target : { name: hop, address: hop, options: [] }, options, ["true"], parts);
  let line = "";
  try {
    line = readText({ path: file, name: "The key that was shown" }).trim();
  } catch {
    return "Take its line from `ssh-keyscan` and compare it with the host's own key before you store it in known-hosts.";
  }
  const [, fingerprint = "", type = ""] = /^\d+ (\S+) .*\(([^()]*)\)$/m.exec(await fingerprints(file)) ?? [];
  return `It shows ${type} ${fingerprint}. Compare that with what \`ssh-keygen -lf /etc/ssh/ssh_host_${type.toLowerCase()}_key.pub\` prints on the host itself; when they are equal, add this line to known-hosts: ${line}`;
}

async function changedKey(target: SshTarget, stage: Stage, index: number, parts: DiagnoseParts): Promise<string> {
  const known = (await fingerprints(stage.keyFile ?? "", stage.keyName)).match(/SHA256:\S+/)?.[0] ?? "another one";
  const shown = await learned(target, stage, index, parts);
  const [, line] = shown.split(" to known-hosts: ");
  const replace = line === undefined ? "replace its line" : `replace its line by: ${line}`;
  return `${target.name} shows another host key than the one in ${parts.knownHosts}: ${stage.keyType} ${stage.fingerprint} instead of ${known}. Either someone answers in the host's place, so compare the key on the host itself first; or the host was set up anew, then ${replace}`;
}

/** What ssh-keygen prints of the keys in a known_hosts file, of one host or of all. */
async function fingerprints(file: string, host?: string): Promise<string> {
  const one = host === undefined ? [] : ["-F", host];
  return (await run(["ssh-keygen", "-l", ...one, "-f", file], { env: helperEnvironment(process.env), timeout: 5_000 }))
    .stdout;
}

function authentication(target: SshTarget, stage: Stage, { publicKey }: DiagnoseParts): string {
  const user = stage.user === undefined ? "the user" : `the user ${quoted(stage.user)}`;
  const whose = stage.jump ? `The jump host before ${target.name}` : target.name;
  const methods = stage.methods ? ` (it takes ${stage.methods})` : "";
  const offered = stage.offered ?? [];
  if (offered.length === 0) {
    return `${whose} does not let ${user} in, and no key was offered${methods}: set ssh-private-key, or another user.`;
  }
  const paste = publicKey === "" ? "add its public key" : `add this line: ${publicKey} —`;
  return `${whose} does not let ${user} in with ${offered.join(" or ")}${methods}: ${paste} to ~/.ssh/authorized_keys of that user, or set the right user.`;
}
