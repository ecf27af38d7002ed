import { DeployError } from "../errors.js";
import type { Inputs, Value } from "../inputs/inputs.js";
import { splitArguments } from "../inputs/split-arguments.js";
import { type Leaf, leavesOf } from "../inputs/yaml.js";
import type { Project } from "../project/inspect.js";
import type { Source } from "../project/sources.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that trusts hosts without their key, or with one that nobody compared, and where it is. */
export interface Loose {
  readonly place: string;
  /** As it is written, without what may be a secret. */
  readonly setting: string;
  /** Whether it still takes a key once and keeps to it. */
  readonly acceptsNew: boolean;
}

const CHECKING = /^ansible_(ssh_|paramiko_|paramiko_ssh_)?host_key_checking$/;
const ARGUMENTS = /^ansible_(ssh_args|ssh_common_args|ssh_extra_args|sftp_extra_args|scp_extra_args)$/;
/** Ansible's words for false. */
const FALSE = /^(false|no|off|0|n|f)$/i;
const OPTION = /StrictHostKeyChecking[\s=]+["']?(no|off|accept-new)\b/i;
/** A text without one of these has nothing of the kind, and most have none. */
const MENTIONED = /host_key_checking|StrictHostKeyChecking/i;

/**
 * Refuses what would trust hosts more than `host-key-checking` says, wherever it is set. What only Ansible can read, vaults
 * and templates and inventories that are programs, is held to it by the first option of every ssh.
 *
 * @throws DeployError that names the place.
 */
export function requireHostKeys(inputs: Inputs, project: Project, sources: readonly Source[], job: Environment): void {
  if (inputs.hostKeyChecking === "off") return;
  const found = [
    ...looseInJob(job),
    ...looseInCfg(project.cfg),
    ...sources.flatMap(looseInSource),
    ...leavesIn(inputs.vars, []).flatMap((leaf) => looseLeaf(leaf, "vars")),
    ...looseInArguments(inputs.extraArgs),
  ].find(({ acceptsNew }) => !(acceptsNew && inputs.hostKeyChecking === "accept-new"));
  if (found === undefined) return;
  throw new DeployError(
    `${found.place} sets ${found.setting}, which switches the check of host keys ${found.acceptsNew ? "partly " : ""}off, and host-key-checking is ${inputs.hostKeyChecking}: remove it, or set host-key-checking: ${found.acceptsNew ? "accept-new" : "off"}.`,
  );
}

/** What of a variable or setting of Ansible's is loose, by its name as a variable. */
function looseSetting(name: string, value: string, place: string, written = name): Loose[] {
  if (CHECKING.test(name) && FALSE.test(value.trim())) {
    return [{ place, setting: `${written}: ${value.trim()}`, acceptsNew: false }];
  }
  return ARGUMENTS.test(name) ? looseOption(value, place, written) : [];
}

function looseOption(text: string, place: string, written: string): Loose[] {
  const [, word = ""] = OPTION.exec(text) ?? [];
  if (word === "") return [];
  const setting = `StrictHostKeyChecking=${word.toLowerCase()}${written === "" ? "" : ` in ${written}`}`;
  return [{ place, setting, acceptsNew: word.toLowerCase() === "accept-new" }];
}

function looseInJob(job: Environment): Loose[] {
  return Object.entries(job).flatMap(([name, value]) =>
    name.startsWith("ANSIBLE_") ? looseSetting(name.toLowerCase(), value ?? "", "The job's environment", name) : [],
  );
}

function looseInCfg(cfg: Project["cfg"]): Loose[] {
  if (cfg === undefined) return [];
  const { settings } = cfg;
  const named = [
    ["host_key_checking", settings.hostKeyChecking],
    ["ssh_args", settings.sshArgs],
    ["ssh_common_args", settings.sshCommonArgs],
    ["ssh_extra_args", settings.sshExtraArgs],
    ["sftp_extra_args", settings.sftpExtraArgs],
    ["scp_extra_args", settings.scpExtraArgs],
  ] as const;
  return named.flatMap(([name, value]) => looseSetting(`ansible_${name}`, value, "ansible.cfg", name));
}

function looseInSource({ place, text, isInventory }: Source): Loose[] {
  if (!MENTIONED.test(text)) return [];
  const found = leavesOf(text).leaves.flatMap((leaf) => looseLeaf(leaf, place.name));
  return found.length > 0 || !isInventory ? found : text.split(/\r?\n/).flatMap((line) => looseLine(line, place.name));
}

function looseLeaf({ keys, text }: Pick<Leaf, "keys" | "text">, place: string): Loose[] {
  return keys.flatMap((key) => looseSetting(key, text, place));
}

/** A line of INI: words `name=value` after a host's name, or one `name = value` up to its end. */
function looseLine(line: string, place: string): Loose[] {
  if (/^\s*[#;]/.test(line)) return [];
  let words: string[] = [];
  try {
    words = splitArguments(line);
  } catch {
    // A quote that stays open: the line as a whole still counts.
  }
  return [line, ...words].flatMap((pair) => {
    const [name = "", ...value] = pair.split("=");
    return looseSetting(
      name.trim(),
      value
        .join("=")
        .trim()
        .replace(/^(["'])(.*)\1$/s, "$2"),
      place,
    );
  });
}

/** `-e name=value`, `-e {…}` and options that ssh gets. */
function looseInArguments(words: readonly string[]): Loose[] {
  const place = "extra-args";
  return words.flatMap((word) => {
    const text = word.replace(/^(-e|--extra-vars)=?/, "");
    const ofVariables = text.startsWith("{")
      ? leavesOf(text).leaves.flatMap((leaf) => looseLeaf(leaf, place))
      : looseLine(text, place);
    return ofVariables.length > 0 ? ofVariables : looseOption(word, place, "");
  });
}

function leavesIn(value: Value, keys: readonly string[]): Pick<Leaf, "keys" | "text">[] {
  if (Array.isArray(value)) return value.flatMap((item) => leavesIn(item, keys));
  if (typeof value !== "object" || value === null) return [{ keys, text: String(value) }];
  return Object.entries(value).flatMap(([key, item]) => leavesIn(item, [...keys, key]));
}

/** The first option of every ssh that Ansible starts, since ssh keeps to the first value that it meets; "" where hosts need no key. */
export function firstSshOption(checking: Inputs["hostKeyChecking"]): string {
  return { strict: "-o StrictHostKeyChecking=yes", "accept-new": "-o StrictHostKeyChecking=accept-new", off: "" }[
    checking
  ];
}
