import { DeployError, quoted } from "../errors.js";

/** Options of ansible-playbook that take a value, those of each line for the same. */
const WITH_VALUE = new Set(
  [
    "-i --inventory --inventory-file",
    "-l --limit",
    "-e --extra-vars",
    "-t --tags",
    "--skip-tags --start-at-task --private-key --key-file",
    "-f --forks",
    "-M --module-path",
    "-u --user",
    "-c --connection",
    "-T --timeout",
    "--ssh-common-args --sftp-extra-args --scp-extra-args --ssh-extra-args",
    "--become-method --become-user --become-password-file --become-pass-file",
    "--connection-password-file --conn-pass-file",
    "--vault-id --vault-password-file --vault-pass-file",
  ].flatMap((line) => line.split(" ")),
);

/** Those that take none. */
const ALONE = new Set(
  [
    "-v --verbose -C --check -D --diff -b --become --force-handlers --flush-cache",
    "--syntax-check --list-hosts --list-tags --list-tasks",
  ].flatMap((line) => line.split(" ")),
);

/** Those that wait for a person, and what to use instead. */
const ASKING: Readonly<Record<string, string>> = {
  "-K": "become-password",
  "--ask-become-pass": "become-password",
  "-J": "vault-password",
  "--ask-vault-pass": "vault-password",
  "--ask-vault-password": "vault-password",
  "-k": "ssh-private-key",
  "--ask-pass": "ssh-private-key",
  "--step": "tags",
};

/** Those that print something and deploy nothing. */
const PRINTING = new Set(["-h", "--help", "--version"]);

const NUMBERS = new Set(["-f", "--forks", "-T", "--timeout"]);

/**
 * Checks `extra-args` before Ansible is started: it would print its usage and end.
 *
 * @param knowsAll whether it is a version whose options are all in the lists above.
 * @throws DeployError that names the argument.
 */
export function requirePlaybookOptions(words: readonly string[], knowsAll: boolean): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (!word.startsWith("-") || word === "-" || word === "--") {
      throw new DeployError(
        `extra-args has ${quoted(word)}, which is no option: a playbook is given by playbook, and a value stands behind its option.`,
      );
    }
    const { option, value } = readOption(word, knowsAll);
    if (option === undefined || !WITH_VALUE.has(option)) continue;
    const given = value ?? words[++index];
    if (given === undefined || (value === undefined && given.startsWith("--"))) {
      throw new DeployError(`extra-args has ${option} without its value: write it behind it, or leave the option out.`);
    }
    if (option === "--vault-id" && /(^|@)prompt(_ask_vault_pass)?$/.test(given)) {
      throw new DeployError(
        `extra-args has --vault-id ${quoted(given)}, which waits for a person: use vault-passwords instead.`,
      );
    }
    if (NUMBERS.has(option) && !/^\d{1,9}$/.test(given)) {
      throw new DeployError(`extra-args has ${option} with ${quoted(given)}: it takes a number.`);
    }
  }
}

/** Paths of files of variables and of inventories in the arguments, as they are written: `-e @file`, `-i file`. */
export function filesInArguments(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const { option, value = words[index + 1] ?? "" } = word.startsWith("-") ? readOption(word, false) : {};
    if ((option === "-e" || option === "--extra-vars") && value.startsWith("@")) return [value.slice(1)];
    return option === "-i" || option?.startsWith("--inventory") ? (value.split(",").length > 1 ? [] : [value]) : [];
  });
}

/** The option of a word that is one, as its full name, and the value that the word holds; none of an option that is not known and may be newer. */
function readOption(word: string, knowsAll: boolean): { option?: string; value?: string } {
  if (!word.startsWith("--")) return readLetters(word, knowsAll);
  const equals = word.indexOf("=");
  const given = equals === -1 ? word : word.slice(0, equals);
  const option = fullName(given);
  if (option === undefined) {
    if (!knowsAll) return {};
    throw new DeployError(
      `extra-args has ${quoted(given)}, which is no option of ansible-playbook: correct or remove it.`,
    );
  }
  refuse(option);
  if (equals === -1) return { option };
  if (ALONE.has(option))
    throw new DeployError(`extra-args has ${option} with a value, and it takes none: remove the value.`);
  return { option, value: word.slice(equals + 1) };
}

/** Letters may stand together, as in `-vvD`; behind one that takes a value comes that. */
function readLetters(word: string, knowsAll: boolean): { option?: string; value?: string } {
  for (let index = 1; index < word.length; index++) {
    const option = `-${word.charAt(index)}`;
    refuse(option);
    if (WITH_VALUE.has(option)) {
      const value = word.slice(index + 1).replace(/^=/, "");
      return value === "" ? { option } : { option, value };
    }
    if (ALONE.has(option)) continue;
    if (!knowsAll) return {};
    throw new DeployError(
      `extra-args has ${quoted(option)}, which is no option of ansible-playbook: correct or remove it.`,
    );
  }
  return {};
}

function refuse(option: string): void {
  const instead = ASKING[option];
  if (instead !== undefined)
    throw new DeployError(`extra-args has ${option}, which waits for a person: use ${instead} instead.`);
  if (PRINTING.has(option)) throw new DeployError(`extra-args has ${option}, which deploys nothing: remove it.`);
}

/** An option may be cut off as long as one alone begins so. */
function fullName(given: string): string | undefined {
  const all = [...WITH_VALUE, ...ALONE, ...Object.keys(ASKING), ...PRINTING].filter((option) =>
    option.startsWith("--"),
  );
  if (all.includes(given)) return given;
  const fitting = all.filter((option) => option.startsWith(given));
  return fitting.length === 1 ? fitting[0] : undefined;
}
