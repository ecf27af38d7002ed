import { isIP } from "node:net";
import { DeployError, quoted } from "../errors.js";
import { OPERATION_INPUTS, OPERATIONS, type Operation } from "../operations.js";
import type { Inputs } from "./inputs.js";
import { missing } from "./missing.js";
import { requirePlaybookOptions } from "./playbook-options.js";

const APP_NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const DNS_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const DNS_NAME = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const REVISION = /^[A-Za-z0-9_][\w./@^~+-]*$/;
const HOST_PATH = /^\/[\w.@+=,:/-]*$/;
const REGISTRY = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?(\/[\w./-]*)?$/;

/** Minor version of the oldest ansible-core 2 that the collection is for (its meta/runtime.yml). */
const OLDEST_ANSIBLE = 19;

/** What to do where an operation lacks an input. */
const NEEDED = {
  revision: "say which release, commit or dump",
  command: "say what to run, such as check --deploy",
  confirm: "type the application's name into it",
} as const;

/**
 * Rules of single inputs that are more than a form, and rules across inputs. Pure: whether files exist is checked later,
 * still before any host is touched.
 *
 * @throws DeployError for the first rule that is broken.
 */
export function validateInputs(inputs: Inputs): void {
  validateHosts(inputs);
  validateNames(inputs);
  validateSecrets(inputs);
  validateOperation(inputs);
  validateMode(inputs);
  validateAnsible(inputs);
  requirePlaybookOptions(inputs.extraArgs, inputs.ansibleVersion === "");
}

function validateHosts(inputs: Inputs): void {
  const given = [
    inputs.hosts !== "" && "hosts",
    inputs.inventory !== "" && "inventory",
    inputs.inventoryFiles.length > 0 && "inventory-file",
  ].filter((name) => name !== false);
  if (given.length === 0) {
    throw new DeployError("No hosts are given: set one of hosts, inventory or inventory-file.");
  }
  if (given.length > 1) {
    throw new DeployError(
      `${given.join(" and ")} are ${given.length > 2 ? "all" : "both"} given: set only one of hosts, inventory and inventory-file.`,
    );
  }
  for (const part of inputs.limit.split(/[,:]/)) {
    if (part.trim().startsWith("-")) {
      throw new DeployError(`limit has the pattern ${quoted(part.trim())}: a pattern cannot begin with a dash.`);
    }
  }
  for (const tag of inputs.tags) {
    if (tag.startsWith("-") || /\s/.test(tag)) {
      throw new DeployError(`tags has ${quoted(tag)}: a tag has no spaces and does not begin with a dash.`);
    }
  }
}

function validateNames(inputs: Inputs): void {
  if (inputs.appName !== "" && !APP_NAME.test(inputs.appName)) {
    throw new DeployError(
      `app-name is ${quoted(inputs.appName)}: use up to 32 lower-case letters, digits, "_" and "-", a letter first.`,
    );
  }
  for (const name of inputs.serverName.split(/\s+/)) {
    if (name !== "" && !DNS_NAME.test(name) && isIP(name.replace(/^\[(.*)\]$/, "$1")) === 0) {
      throw new DeployError(
        `server-name has ${quoted(name)}: use DNS names such as www.example.org, separated by spaces, without scheme or path.`,
      );
    }
  }
  const revision = inputs.operation === "restore" ? inputs.revision.replace(/^before /, "") : inputs.revision;
  if (revision !== "" && (!REVISION.test(revision) || revision.includes(".."))) {
    throw new DeployError(`revision is ${quoted(inputs.revision)}: use a commit, tag or branch.`);
  }
  for (const path of inputs.composeFiles) {
    if (HOST_PATH.test(path) && !/(^|\/)\.\.(\/|$)/.test(path)) continue;
    throw new DeployError(
      `compose-file is ${quoted(path)}: use an absolute path on the hosts, such as /root/compose.yml.`,
    );
  }
  if (inputs.registry !== "" && !REGISTRY.test(inputs.registry)) {
    throw new DeployError(
      `registry is ${quoted(inputs.registry)}: use a host name with an optional port, without scheme, such as ghcr.io.`,
    );
  }
}

function validateSecrets(inputs: Inputs): void {
  if (inputs.vaultPasswords.default !== undefined && inputs.vaultPassword !== "") {
    throw new DeployError('vault-passwords has the id "default" and vault-password is given: set only one of them.');
  }
  if (inputs.sshPrivateKeyPassphrase !== "" && inputs.sshPrivateKey === "") {
    throw new DeployError(`ssh-private-key-passphrase is given and ${missing("ssh-private-key", inputs)}.`);
  }
  if (/[\r\n]/.test(inputs.becomePassword) && !inputs.becomePassword.trimStart().startsWith("$ANSIBLE_VAULT;")) {
    throw new DeployError("become-password has more than one line: give the password alone.");
  }
  if (inputs.vaultPassword.startsWith("$ANSIBLE_VAULT;")) {
    throw new DeployError("vault-password is an encrypted vault text: give the password that opens the vault.");
  }
  if (inputs.registryUsername !== "" && inputs.registryPassword === "") {
    throw new DeployError(`registry-username is given and ${missing("registry-password", inputs)}.`);
  }
  if (inputs.registryPassword !== "" && inputs.registryUsername === "") {
    throw new DeployError("registry-password is given and registry-username is empty: set both or neither.");
  }
}

function validateAnsible({ ansibleVersion, pythonPackages, requirements }: Inputs): void {
  const [, minor] = /^2\.(\d+)\.\d+((a|b|rc)\d+)?$/.exec(ansibleVersion) ?? [];
  if (ansibleVersion !== "" && Number(minor ?? 0) < OLDEST_ANSIBLE) {
    throw new DeployError(
      `ansible-version is ${quoted(ansibleVersion)}: use an exact version of ansible-core from 2.${OLDEST_ANSIBLE}.0 on, such as 2.19.4, or leave it out.`,
    );
  }
  for (const item of pythonPackages) {
    if (!/^[A-Za-z0-9]/.test(item)) {
      throw new DeployError(
        `python-packages has ${quoted(item)}: a line is a requirement such as netaddr==1.3.0, not an option or a path.`,
      );
    }
  }
  if (requirements.startsWith("-")) {
    throw new DeployError(`requirements is ${quoted(requirements)}: a path cannot begin with a dash.`);
  }
}

/** Each operation takes some inputs that others have no use for. A playbook of the user's own takes what it likes. */
function validateOperation(inputs: Inputs): void {
  const { operation, playbook } = inputs;
  if (playbook !== "") return;
  const takes: Operation["inputs"] = OPERATIONS[operation].inputs;
  for (const name of OPERATION_INPUTS) {
    const given = inputs[name].length > 0;
    if (given && takes[name] === undefined) {
      throw new DeployError(`${name} has no effect with operation: ${operation}: leave it out.`);
    }
    if (!given && takes[name] === "needed") {
      throw new DeployError(`operation is ${operation} and ${name} is empty: ${NEEDED[name]}.`);
    }
  }
}

/** A bundled playbook ignores what belongs to the other one; that is a mistake, not a wish. */
function validateMode(inputs: Inputs): void {
  if (inputs.revision !== "" && inputs.source !== "git" && inputs.operation === "deploy") {
    throw new DeployError(
      "revision is given without source: git; with source: workspace the checked-out commit is deployed, so check out that revision instead.",
    );
  }
  if (inputs.operation !== "deploy" && inputs.playbook !== "") {
    throw new DeployError(
      `operation is ${inputs.operation} and a playbook is given, which decides on its own what it does: leave one of them out.`,
    );
  }
  if (inputs.playbook !== "") return;
  const foreign: readonly (readonly [name: string, value: string])[] =
    inputs.mode === "role"
      ? [
          ["compose-file", inputs.composeFiles.join()],
          ["compose-source", inputs.composeSources.join()],
          ["registry", inputs.registry],
          ["registry-username", inputs.registryUsername],
        ]
      : [["source", inputs.source]];
  for (const [name, value] of foreign) {
    if (value !== "") {
      const other = inputs.mode === "role" ? "container" : "role";
      throw new DeployError(
        `${name} has no effect with mode: ${inputs.mode}: set mode: ${other} or leave ${name} out.`,
      );
    }
  }
}
