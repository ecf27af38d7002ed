import type { ResultEvent } from "../ansible/events.js";
import { taskName } from "../ansible/task-name.js";
import { quoted, shortened } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { missing } from "../inputs/missing.js";
import { inOrigin } from "./origin.js";

/** What explains a failure, besides the failure itself. */
export interface FailureContext {
  readonly inputs: Pick<Inputs, "becomePassword" | "vaultPassword" | "sshPrivateKey" | "knownHosts" | "emptySecrets">;
  /** What is wrong with vaulted files that no given password opens. */
  readonly closed: readonly string[];
  /** Why a host cannot be reached, found out after the run; by its name. */
  readonly causes: ReadonlyMap<string, string>;
}

const BECOME_WRONG =
  /incorrect (sudo|su|doas|become|\w+) password|sorry, try again|authentication failure|incorrect password/i;
/** What follows the host's name, for what else sudo and its like say. */
const BECOME_REFUSED: readonly (readonly [words: RegExp, sentence: string])[] = [
  [
    /is not in the sudoers file|is not allowed to execute|may not run sudo|I'm afraid I can't do that/i,
    "lets the user in, but the user may not use sudo: add it to the group sudo there, or set another user.",
  ],
  [/you must have a tty to run sudo/i, "runs sudo with a terminal only: remove requiretty from its sudoers."],
  [
    /sudo: (command )?not found|unable to (find|locate) (sudo|become)/i,
    "has no sudo: install it there once, or set another ansible_become_method.",
  ],
  [
    /waiting for privilege escalation prompt/i,
    "does not ask for the become (sudo) password as Ansible expects: name the become method sudo rather than ansible.builtin.sudo, which does not understand sudo-rs (Ubuntu 25.10 and newer); if it is sudo already, something on the host holds sudo up (a name or login service that does not answer), so try `sudo -v` there.",
  ],
];
const BECOME_MISSING =
  /missing \w{1,40} password|a password is required|interactive authentication is required|authentication required but not attempted|a terminal is required to (read|authenticate)/i;

/** One sentence for a failed result: the host, the cause, and the input to look at where one is to blame. */
export function explainFailure(failure: ResultEvent, context: FailureContext): string {
  const { host } = failure;
  const text = [failure.msg, failure.stderr, failure.stdout].filter(Boolean).join("\n");
  const vault = explainVault(text, context);
  if (vault !== "") return vault;
  const found = context.causes.get(host);
  if (found !== undefined) return found;
  const refused = BECOME_REFUSED.find(([words]) => words.test(text));
  if (refused) return `${host} ${refused[1]}`;
  if (BECOME_MISSING.test(text)) {
    return context.inputs.becomePassword === ""
      ? `${host} asks for a become (sudo) password and ${missing("become-password", context.inputs)}.`
      : `${host} asks for a become (sudo) password and does not take become-password: check its value and ansible_become_method.`;
  }
  if (BECOME_WRONG.test(text) && /password/i.test(text)) {
    return `become-password is not the right become (sudo) password on ${host}.`;
  }
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(text)) {
    return `${host} shows another host key than the one in ${knownHosts(context)}: either the host was set up anew, then update the entry, or someone is in between.`;
  }
  if (/Host key verification failed/i.test(text)) {
    return `The host key of ${host} is not in ${knownHosts(context)}: add the line that ssh-keyscan prints for it to known-hosts, after comparing it with the host's own.`;
  }
  if (/Permission denied \([^()]*publickey/.test(text)) {
    return context.inputs.sshPrivateKey === ""
      ? `${host} refused to let the runner in and ${missing("ssh-private-key", context.inputs)}.`
      : `${host} does not accept ssh-private-key: add its public key to the authorized_keys of the user ${userIn(text) ?? "that Ansible connects as"}, or set another user.`;
  }
  if (failure.status === "unreachable") {
    const cause = withoutPrivatePaths(lastLine(failure.msg)).replace(
      /^(Task failed: )?(Failed to connect to the host via ssh: )?(ssh: )?/,
      "",
    );
    return `${host} is unreachable: ${cause || "no cause is known"}.`;
  }
  const cause = failure.no_log ? "the cause is hidden by no_log" : withoutPrivatePaths(lastWords(failure));
  return `${host}: the task "${taskName(failure)}" failed: ${cause}${place(failure)}.`;
}

function knownHosts(context: FailureContext): string {
  return context.inputs.knownHosts === "" ? "the runner's known_hosts files, and known-hosts is empty" : "known-hosts";
}

/** Of `user@host: Permission denied (publickey).` the user. */
function userIn(text: string): string | undefined {
  const [before = ""] = text.split(": Permission denied (", 1);
  const target = before.split(/\s/).at(-1) ?? "";
  const user = target.slice(0, target.lastIndexOf("@"));
  return /^[\w.-]{1,64}$/.test(user) ? user : undefined;
}

/** The end of a failure's message; a failed command says nothing but "non-zero return code", so its output follows. */
function lastWords(failure: ResultEvent): string {
  // A variable that nobody set says so in its own words (the filter `mandatory`).
  const message = flat((failure.msg ?? "").replace(/^.*The filter plugin 'ansible\.builtin\.mandatory' failed: /s, ""));
  const output = /^((The command exited with a )?non-zero return code|MODULE FAILURE.*|)$/s.test(message)
    ? lastLine(failure.stderr) || lastLine(failure.stdout)
    : "";
  return [message, output].filter((part) => part !== "").join(": ") || "it gave no message";
}

function flat(text: string): string {
  const one = text.replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return one.length > 600 ? `${one.slice(0, 300)} … ${one.slice(-300)}` : one;
}

function lastLine(text: string | undefined): string {
  const lines = (text ?? "").split(/\r?\n/).map((line) => line.trim());
  return flat(lines.findLast((line) => line !== "") ?? "");
}

function place(failure: ResultEvent): string {
  return failure.path ? ` (${failure.path.split("/").slice(-4).join("/")})` : "";
}

/** One sentence when a text tells of a vault that could not be opened, else "". */
function explainVault(text: string, context: FailureContext): string {
  if (/no vault secrets found/i.test(text)) {
    return `A file is encrypted with ansible-vault and ${missing("vault-password", context.inputs)}.`;
  }
  if (/no vault secrets were found that could decrypt|HMAC verification failed/i.test(text)) {
    return context.closed.join(" ") || "No given vault password opens a file that this deploy reads.";
  }
  return "";
}

/** What Ansible says before it asks any host, and the sentence that tells what to do; `$1` is what the words name. */
const REFUSALS: readonly (readonly [words: RegExp, sentence: string])[] = [
  [
    /leaves us with no hosts to target/,
    "No host is left to deploy to: the inventory is empty, or limit matches none of its hosts.",
  ],
  [
    /couldn't resolve module\/action '([^']*)'/,
    "The playbook uses the module $1, which is not there$PLACE: correct its name, or have its collection installed by requirements.",
  ],
  [
    /the role '([^']*)' was not found/,
    "The playbook uses the role $1, which is not there$PLACE: put it into roles, or have it installed by requirements.",
  ],
  [/Unable to find limit file/, "limit names a file of hosts that does not exist: correct the path behind its @."],
  [
    /Config '(?:DEFAULT_)?(\w+)' from '[^']*' has an invalid value/,
    "ansible.cfg, or a variable of the job, gives the setting $1 a value that Ansible does not take: correct it there.",
  ],
  [
    /as an inventory source|Completely failed to parse inventory source|Failed to parse inventory/,
    "The inventory can be read neither as YAML nor as INI$CAUSE: correct it there.",
  ],
  [
    /YAML parsing failed|Syntax Error while loading YAML/,
    "A file of the project is not valid YAML$PLACE: correct it there.",
  ],
  [
    /Could not find or access '([^']*)'/,
    "Ansible needs the file $1, which does not exist: correct its path where it is named.",
  ],
  [
    /vault password file (\S+) was not found/,
    "The file of vault passwords $1 does not exist: give the password in vault-password instead.",
  ],
  [
    /prompting\)|on prompt for|EOFError/,
    "Ansible asks for a password, and nobody is there to type it: give it in become-password, vault-password or vault-passwords.",
  ],
  [
    /unrecognized arguments|expected (one|at least one) argument|invalid (choice|int value)|the following arguments are required/,
    "extra-args has what this version of ansible-playbook does not take: compare with `ansible-playbook --help`.",
  ],
  [/Error reading config file/, "ansible.cfg cannot be read$CAUSE: correct it there."],
];

/**
 * One sentence for a run that ended without a failed host: the input or the file that is to blame, and what to do.
 *
 * @param stderr the end of ansible-playbook's standard error.
 */
export function explainEnd(code: number, stderr: string, context: FailureContext): string {
  const plain = withoutColours(stderr);
  const error = withoutPrivatePaths(lastError(plain));
  const vault = explainVault(error, context);
  if (vault !== "") return vault;
  // Ansible takes this for a mistake of the inventory.
  if (/failed at splitting arguments/.test(plain)) {
    return "extra-args has a value of -e in which a quote or a brace stays open: close it.";
  }
  // The last error with all that caused it.
  const said = plain.slice(Math.max(plain.lastIndexOf("[ERROR]"), plain.lastIndexOf("ERROR"), 0));
  for (const [words, sentence] of REFUSALS) {
    const found = words.exec(said);
    if (found === null) continue;
    const [place] = inOrigin(plain);
    const cause = withoutPrivatePaths(flat(plain.split("<<< caused by >>>").at(-1)?.trim().split("\n")[0] ?? ""));
    return sentence
      .replace("$1", () => quoted(found[1] ?? ""))
      .replace("$PLACE", () => (place === undefined ? "" : ` (${tail(place.join(":"))})`))
      .replace("$CAUSE", () => (cause === "" || !plain.includes("<<< caused") ? "" : ` (${shortened(cause)})`));
  }
  if (code >= 128) {
    return "Ansible was ended by a signal from outside: mostly the runner had no memory left, so look at its own log, or use a larger one.";
  }
  if (error === "") return "Ansible ended without saying why: run the job again with debug logging.";
  const [place] = inOrigin(plain);
  return place === undefined
    ? `Ansible could not run: ${error}. Its output above says more.`
    : `Ansible refuses what is written at ${tail(place.join(":"))}: ${error}.`;
}

/** The end of a path, which is what tells it from others. */
const tail = (path: string): string => path.split("/").slice(-3).join("/");

/** A text in which the files that the action made of inputs have these inputs' names: their own are gone by now. */
function withoutPrivatePaths(text: string): string {
  return text
    .split(/([\s'":()]+)/)
    .map((word) => {
      const start = word.search(/\/django-ansible-deploy-\w{6}\//);
      if (start === -1) return word;
      const rest = word.slice(word.indexOf("/", start + 1));
      return rest.startsWith("/inventory") ? "inventory" : rest === "/vars.json" ? "vars" : "a file of the action";
    })
    .join("");
}

function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}

/** The last error block of Ansible's standard error as one line. */
function lastError(stderr: string): string {
  const lines = stderr.split(/\r?\n/);
  const start = lines.findLastIndex((line) => /^(\[ERROR\]|ERROR!?|fatal|error|.*Error):?\s/.test(line));
  if (start === -1) return lastLine(lines.join("\n"));
  const end = lines.findIndex((line, index) => index > start && line.trim() === "");
  return flat(
    lines
      .slice(start, end === -1 ? undefined : end)
      .filter((line) => !line.startsWith("Origin: "))
      .join(" ")
      .replace(/^(\[ERROR\]:?|ERROR!?:?)\s*/, ""),
  );
}
