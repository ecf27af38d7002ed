import { DeployError, quoted } from "../errors.js";
import { OPERATION_NAMES } from "../operations.js";
import { withoutLastLineEnds } from "../text.js";
import { parseDotenv } from "./dotenv.js";
import { HOST_KEY_CHECKINGS, type InputName, type Inputs, MODES, type RawInputs, SOURCES } from "./inputs.js";
import { emptySecret } from "./missing.js";
import { splitArguments } from "./split-arguments.js";
import { isMapping, parseMapping, parseYaml } from "./yaml.js";

/**
 * Turns the texts of all inputs into typed values.
 *
 * @param emptySecrets those that the workflow gives nevertheless.
 * @throws DeployError for the first text that is not of its input's form.
 */
export function parseInputs(raw: RawInputs, emptySecrets: Inputs["emptySecrets"] = []): Inputs {
  const { values: env, cut: envCut } = parseDotenv(raw.env);
  return {
    mode: choice(raw, "mode", MODES, "role"),
    operation: choice(raw, "operation", OPERATION_NAMES, "deploy"),
    playbook: line(raw, "playbook"),
    workingDirectory: line(raw, "working-directory") || ".",
    codeDirectory: line(raw, "code-directory"),
    check: flag(raw, "check", false),
    hosts: raw.hosts.trim(),
    inventory: raw.inventory.trim() === "" ? "" : raw.inventory,
    inventoryFiles: list(raw["inventory-file"]),
    limit: line(raw, "limit"),
    tags: list(raw.tags.replaceAll(",", "\n")),
    sshPrivateKey: notBlank(raw, "ssh-private-key"),
    sshPrivateKeyPassphrase: password(raw, "ssh-private-key-passphrase"),
    knownHosts: notBlank(raw, "known-hosts"),
    hostKeyChecking: choice(raw, "host-key-checking", HOST_KEY_CHECKINGS, "strict"),
    jumpHost: raw["jump-host"].trim(),
    becomePassword: password(raw, "become-password"),
    vaultPassword: password(raw, "vault-password"),
    vaultPasswords: passwords(raw, "vault-passwords"),
    appName: line(raw, "app-name"),
    serverName: line(raw, "server-name"),
    source: choice(raw, "source", SOURCES, ""),
    revision: line(raw, "revision"),
    command: splitArguments(raw.command, "command"),
    confirm: line(raw, "confirm"),
    env,
    envCut,
    vars: parseMapping("vars", raw.vars),
    composeFiles: list(raw["compose-file"]),
    composeSources: list(raw["compose-source"]),
    registry: line(raw, "registry"),
    registryUsername: line(raw, "registry-username"),
    registryPassword: password(raw, "registry-password"),
    ansibleVersion: line(raw, "ansible-version"),
    requirements: line(raw, "requirements"),
    pythonPackages: list(raw["python-packages"]),
    extraArgs: splitArguments(raw["extra-args"]),
    timeoutMinutes: minutes(raw, "timeout-minutes", 60),
    summary: flag(raw, "summary", true),
    emptySecrets,
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
  throw new DeployError(`${name} is ${quoted(text)}: use ${alternatives(legal)}.`);
}

function flag(raw: RawInputs, name: InputName, otherwise: boolean): boolean {
  const text = raw[name].trim();
  if (text === "") return otherwise;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  throw new DeployError(`${name} is ${quoted(text)}: use "true" or "false".`);
}

function minutes(raw: RawInputs, name: InputName, otherwise: number): number {
  const text = raw[name].trim();
  if (text === "") return otherwise;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  // A timer of Node ends at 2^31 ms, about 35,791 minutes.
  if (value > 0 && value <= 35_000) return value;
  throw new DeployError(`${name} is ${quoted(text)}: use a number of minutes above 0 and up to 35000.`);
}

/** A text of which only white space was given is a secret that lost its value on the way. */
function notBlank(raw: RawInputs, name: InputName): string {
  const text = raw[name];
  if (text !== "" && text.trim() === "") {
    throw new DeployError(`${name} holds only white space: ${emptySecret()}, so set it or leave the input out.`);
  }
  return text;
}

function password(raw: RawInputs, name: InputName): string {
  // Spaces may belong to a password; the line end of `gh secret set < file` does not.
  return withoutLastLineEnds(notBlank(raw, name));
}

/** A mapping of vault ids to passwords. */
function passwords(raw: RawInputs, name: InputName): Record<string, string> {
  if (raw[name].trim() === "") return {};
  const value = parseYaml(name, raw[name]);
  if (!isMapping(value)) throw new DeployError(`${name} must be a mapping of vault ids to passwords, like "prod: …".`);
  const entries = Object.entries(value).map(([id, password]): [string, string] => {
    if (!/^[A-Za-z0-9_][\w.-]*$/.test(id)) {
      throw new DeployError(
        `${name} has the id ${quoted(id)}: use letters, digits, and the signs "_", "." and "-" in it.`,
      );
    }
    if (typeof password !== "string" || password.trim() === "") {
      const empty =
        password === null || String(password).trim() === ""
          ? `is empty: ${emptySecret()}`
          : "is no text: put it in quotes";
      throw new DeployError(`${name} has the id ${quoted(id)}, whose password ${empty}.`);
    }
    return [id, withoutLastLineEnds(password)];
  });
  return Object.fromEntries(entries);
}

/** `"one"`, `"one" or "other"`, `"one", "other" or "third"`. */
function alternatives(legal: readonly string[]): string {
  const named = legal.map((item) => `"${item}"`);
  return [named.slice(0, -1).join(", "), ...named.slice(-1)].filter(Boolean).join(" or ");
}
