import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { parse } from "yaml";
import { createFolder } from "./folder.js";

/** What the stand-in for Ansible does in each of its parts. */
export type Plan = Partial<Record<"play" | "cancel" | "list" | "inventory" | "galaxy", Part>>;

interface Part {
  readonly events?: readonly object[];
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  /** Milliseconds before it looks which secrets are left. */
  readonly hold?: number;
  /** A cancel that does not come to its first play. */
  readonly silent?: boolean;
  /** Goes on until it is ended. */
  readonly wait?: boolean;
  /** Listens to no signal but SIGKILL. */
  readonly stubborn?: boolean;
}

/** How the stand-in was started. */
export interface Started {
  readonly part: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Secret files that it was given, and those of them that were left after `hold`. */
  readonly secrets: readonly string[];
  readonly left: readonly string[];
}

const DEFAULTS = Object.entries(
  (parse(readFileSync("action.yml", "utf8")) as { inputs: Record<string, { default?: string }> }).inputs,
);

/** core.summary keeps the first file that it writes to. */
const summary = join(tmpdir(), `unit-summary-${process.pid}`);

/** A run of src/ as it is wired, in this process and with a stand-in for Ansible. */
export class Wired {
  readonly folder = createFolder({ "workspace/deploy.yml": "- hosts: all\n", "bin/empty": "" });
  readonly python = join(this.folder, "bin", "python");
  log = "";
  /** Sees each piece of the log as it is written. */
  onWrite: (chunk: string) => void = () => undefined;

  constructor(inputs: Readonly<Record<string, string>>, plan: Plan = {}, env: Readonly<Record<string, string>> = {}) {
    copyFileSync("__tests__/support/fake-ansible.mjs", `${this.python}.mjs`);
    writeFileSync(this.python, `#!/bin/sh\nexec "${process.execPath}" "${this.python}.mjs" "$@"\n`);
    chmodSync(this.python, 0o755);
    writeFileSync(join(this.folder, "plan.json"), JSON.stringify(plan));
    // Nobody is there to connect to.
    writeFileSync(
      join(this.folder, "bin", "ssh"),
      "#!/bin/sh\necho 'ssh: connect to host h port 22: Connection refused' >&2\nexit 255\n",
    );
    chmodSync(join(this.folder, "bin", "ssh"), 0o755);
    for (const name of ["output", "state"]) writeFileSync(join(this.folder, name), "");
    writeFileSync(summary, "");
    mkdirSync(join(this.folder, "temp"));
    for (const [name, { default: fallback = "" }] of DEFAULTS) {
      vi.stubEnv(`INPUT_${name.toUpperCase()}`, inputs[name] ?? fallback);
    }
    const around = {
      FAKE_ANSIBLE: this.folder,
      PATH: `${join(this.folder, "bin")}:${process.env.PATH}`,
      GITHUB_OUTPUT: join(this.folder, "output"),
      GITHUB_STATE: join(this.folder, "state"),
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_WORKSPACE: join(this.folder, "workspace"),
      RUNNER_TEMP: join(this.folder, "temp"),
      RUNNER_TOOL_CACHE: join(this.folder, "bin"),
      RUNNER_DEBUG: "",
      ...env,
    };
    for (const [name, value] of Object.entries(around)) vi.stubEnv(name, value);
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      this.log += chunk;
      this.onWrite(String(chunk));
      return true;
    });
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  }

  /** How the stand-in was started, in that order. */
  get started(): Started[] {
    const file = join(this.folder, "started.jsonl");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Started);
  }

  get outputs(): Record<string, string> {
    return keyed(join(this.folder, "output"));
  }

  get state(): Record<string, string> {
    return keyed(join(this.folder, "state"));
  }

  get summary(): string {
    return readFileSync(summary, "utf8");
  }

  /** The log without what tells the runner what to hide. */
  get visible(): string {
    return this.log.replaceAll(/^::add-mask::.*$/gm, "");
  }

  /** Waits until the stand-in goes on until it is ended, and gives its process id. */
  async waiting(): Promise<number> {
    const file = join(this.folder, "waiting");
    await vi.waitFor(() => expect(existsSync(file) && readFileSync(file, "utf8")).toMatch(/^\d+$/), 10_000);
    return Number(readFileSync(file, "utf8"));
  }

  /** Whether Ansible ended in order. */
  get orderly(): boolean {
    return existsSync(join(this.folder, "orderly"));
  }

  /** What is left in the runner's folder for temporary files, besides the summary for a comment. */
  get left(): string[] {
    const names = readdirSync(join(this.folder, "temp")).filter((name) => !/^deploy-summary-/.test(name));
    const { controlFolder = "" } = this.state;
    return [...names, ...(existsSync(controlFolder) ? [controlFolder] : [])];
  }

  write(path: string, text: string): void {
    mkdirSync(join(this.folder, path, ".."), { recursive: true });
    appendFileSync(join(this.folder, path), text);
  }
}

/** Reads a file of outputs or state: `name<<delimiter`, lines, delimiter. */
function keyed(path: string): Record<string, string> {
  const found = readFileSync(path, "utf8").matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2$/gm);
  return Object.fromEntries([...found].map(([, name = "", , value = ""]) => [name, value]));
}
