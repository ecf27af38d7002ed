import { DeployError, EMPTY_SECRET } from "./errors.js";
import {
  HOST_KEY_CHECKINGS,
  type InputName,
  type Inputs,
  MODES,
  OPERATIONS,
  type RawInputs,
  SOURCES,
} from "./inputs.js";
import { parseDotenv } from "./secrets/dotenv.js";
import { splitArguments } from "./split-arguments.js";
import { parseMapping } from "./yaml-mapping.js";

/**
 * Turns the texts of all inputs into typed values.
 *
 * @throws DeployError for the first text that is not of its input's form.
 */
export function parseInputs(raw: RawInputs): Inputs {
  return {
    mode: choice(raw, "mode", MODES, "role"),
    operation: choice(raw, "operation", OPERATIONS, "deploy"),
    playbook: line(raw, "playbook"),
    workingDirectory: line(raw, "working-directory") || ".",
    check: flag(raw, "check", false),
    hosts: raw.hosts.trim(),
    inventory: raw.inventory.trim() === "" ? "" : raw.inventory,
    inventoryFiles: list(raw["inventory-file"]),
    limit: line(raw, "limit"),
    tags: list(raw.tags.replaceAll(",", "\n")),
    sshPrivateKey: notBlank(raw, "ssh-private-key"),
    knownHosts: notBlank(raw, "known-hosts"),
    hostKeyChecking: choice(raw, "host-key-checking", HOST_KEY_CHECKINGS, "strict"),
    becomePassword: password(raw, "become-password"),
    vaultPassword: password(raw, "vault-password"),
    appName: line(raw, "app-name"),
    serverName: line(raw, "server-name"),
    source: choice(raw, "source", SOURCES, ""),
    revision: line(raw, "revision"),
    env: parseDotenv(raw.env),
    vars: parseMapping("vars", raw.vars),
    composeFile: line(raw, "compose-file"),
    composeSource: line(raw, "compose-source"),
    registry: line(raw, "registry"),
    registryUsername: line(raw, "registry-username"),
    registryPassword: password(raw, "registry-password"),
    extraArgs: splitArguments(raw["extra-args"]),
    timeoutMinutes: minutes(raw, "timeout-minutes", 60),
    summary: flag(raw, "summary", true),
  };
}

/** Lines that hold something, trimmed. */
function list(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function line(raw: RawInputs, name: InputName): string {
  const text = raw[name].trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) throw new DeployError(`${name} must be one line without control characters.`);
  return text;
}

function choice<T extends string>(raw: RawInputs, name: InputName, legal: readonly T[], otherwise: T): T;
function choice<T extends string>(raw: RawInputs, name: InputName, legal: readonly T[], otherwise: ""): T | "";
function choice(raw: RawInputs, name: InputName, legal: readonly string[], otherwise: string): string {
  const text = raw[name].trim();
  if (text === "") return otherwise;
  if (legal.includes(text)) return text;
  throw new DeployError(`${name} is ${JSON.stringify(text)}: use ${legal.map((item) => `"${item}"`).join(" or ")}.`);
}

function flag(raw: RawInputs, name: InputName, otherwise: boolean): boolean {
  const text = raw[name].trim();
  if (text === "") return otherwise;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  throw new DeployError(`${name} is ${JSON.stringify(text)}: use "true" or "false".`);
}

function minutes(raw: RawInputs, name: InputName, otherwise: number): number {
  const text = raw[name].trim();
  if (text === "") return otherwise;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  // A timer of Node ends at 2^31 ms, about 35,791 minutes.
  if (value > 0 && value <= 35_000) return value;
  throw new DeployError(`${name} is ${JSON.stringify(text)}: use a number of minutes above 0 and up to 35000.`);
}

/** A text of which only white space was given is a secret that lost its value on the way. */
function notBlank(raw: RawInputs, name: InputName): string {
  const text = raw[name];
  if (text !== "" && text.trim() === "") {
    throw new DeployError(`${name} holds only white space: ${EMPTY_SECRET}, so set it or leave the input out.`);
  }
  return text;
}

function password(raw: RawInputs, name: InputName): string {
  // Spaces may belong to a password; the line end of `gh secret set < file` does not.
  return notBlank(raw, name).replace(/[\r\n]+$/, "");
}
