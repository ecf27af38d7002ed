import type { OperationName } from "../operations.js";

/** Names of all inputs, as in action.yml. */
export const INPUT_NAMES = [
  "mode",
  "operation",
  "playbook",
  "working-directory",
  "code-directory",
  "check",
  "hosts",
  "inventory",
  "inventory-file",
  "limit",
  "tags",
  "ssh-private-key",
  "ssh-private-key-passphrase",
  "known-hosts",
  "host-key-checking",
  "jump-host",
  "become-password",
  "vault-password",
  "vault-passwords",
  "app-name",
  "server-name",
  "source",
  "revision",
  "command",
  "confirm",
  "env",
  "vars",
  "compose-file",
  "compose-source",
  "registry",
  "registry-username",
  "registry-password",
  "ansible-version",
  "requirements",
  "python-packages",
  "extra-args",
  "timeout-minutes",
  "summary",
] as const;

export type InputName = (typeof INPUT_NAMES)[number];

/** Inputs that are set from a secret, and that can be left out. */
export const SECRET_INPUTS = [
  "ssh-private-key",
  "ssh-private-key-passphrase",
  "known-hosts",
  "become-password",
  "vault-password",
  "vault-passwords",
  "env",
  "registry-password",
] as const satisfies readonly InputName[];

export type SecretInput = (typeof SECRET_INPUTS)[number];

/**
 * Their default in action.yml. The runner gives an action a text for every input, and "" both for one that is not given
 * and for one whose secret is not configured; by this default the two differ.
 */
export const NOT_GIVEN = "(not given)";

/** Text of every input as the runner gave it; "" where none was given. */
export type RawInputs = Readonly<Record<InputName, string>>;

export const MODES = ["role", "container"] as const;
export const SOURCES = ["workspace", "git"] as const;
export const HOST_KEY_CHECKINGS = ["strict", "accept-new", "off"] as const;

/** Any value of YAML's core schema. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** What the workflow asks for. A text that was not given is "", a list or mapping is empty. */
export interface Inputs {
  /** Which bundled playbook runs. Default `role`. */
  readonly mode: (typeof MODES)[number];
  /** What the bundled playbook does. Default `deploy`. */
  readonly operation: OperationName;
  /** The user's own playbook, relative to `workingDirectory`. */
  readonly playbook: string;
  /** Folder of the project, relative to the workspace. Default `.`. */
  readonly workingDirectory: string;
  /** Folder of the application's code, relative to the workspace; "" for `workingDirectory`. */
  readonly codeDirectory: string;
  /** Predict only. Default false. */
  readonly check: boolean;
  /** Short form, one host a line. */
  readonly hosts: string;
  /** Inline inventory, YAML or INI. */
  readonly inventory: string;
  /** Files or folders, relative to `workingDirectory`. */
  readonly inventoryFiles: readonly string[];
  readonly limit: string;
  readonly tags: readonly string[];
  /** Key text as given: line ends are not yet repaired. Secret. */
  readonly sshPrivateKey: string;
  /** Secret, without the line end that shells and editors leave. */
  readonly sshPrivateKeyPassphrase: string;
  readonly knownHosts: string;
  /** Default `strict`. */
  readonly hostKeyChecking: (typeof HOST_KEY_CHECKINGS)[number];
  /** Chain of bastions, a line each. */
  readonly jumpHost: string;
  /** Secret, likewise; or a vault text, or the path of a file with one. */
  readonly becomePassword: string;
  /** Secret, likewise. */
  readonly vaultPassword: string;
  /** Passwords by vault id. Secret. */
  readonly vaultPasswords: Readonly<Record<string, string>>;
  readonly appName: string;
  /** DNS names separated by spaces. */
  readonly serverName: string;
  /** "" means that variables decide, and without them `workspace`. */
  readonly source: "" | (typeof SOURCES)[number];
  /** What to deploy with `source: git`, or what to go back to. */
  readonly revision: string;
  /** What `operation` is to run or show: words, split like a shell would. */
  readonly command: readonly string[];
  /** The application's name, typed. */
  readonly confirm: string;
  /** The application's environment. Every value is a secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Names in `env` whose value ends at what may or may not be meant as a comment. */
  readonly envCut: readonly string[];
  readonly vars: Readonly<Record<string, Value>>;
  /** Absolute paths on the hosts. */
  readonly composeFiles: readonly string[];
  /** Files or one folder, relative to `workingDirectory`. */
  readonly composeSources: readonly string[];
  readonly registry: string;
  readonly registryUsername: string;
  /** Secret. */
  readonly registryPassword: string;
  /** Exact version of ansible-core; "" means the locked one. */
  readonly ansibleVersion: string;
  /** Galaxy requirements file, relative to `workingDirectory`. */
  readonly requirements: string;
  /** Requirements as pip takes them. */
  readonly pythonPackages: readonly string[];
  readonly extraArgs: readonly string[];
  /** Minutes for the whole run, above 0. Default 60. */
  readonly timeoutMinutes: number;
  /** Default true. */
  readonly summary: boolean;
  /** Secrets that the workflow gives, and that are empty. */
  readonly emptySecrets: readonly SecretInput[];
}
