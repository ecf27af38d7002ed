import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

interface ActionFile {
  inputs: Record<string, { default?: string }>;
  outputs: Record<string, unknown>;
}

export const ACTION = parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as ActionFile;

/** How a step ended and what it left, as GitHub's runner would see it. */
export interface StepResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  log: string;
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
  seconds: number;
}

/** A runner's folders and files. Every test has one of its own. */
export class Runner {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), "runner-")));
  readonly workspace: string;
  readonly temp: string;
  /** Where the action keeps Ansible; shared by the tests, so that it is installed once. */
  toolCache = process.env.TEST_TOOL_CACHE ?? join(ROOT, ".cache", "test-tool-cache");
  state: Record<string, string> = {};

  /** @param place a folder that workspace and temporary folder are in. */
  constructor(place = "") {
    this.workspace = join(this.base, place, "work", "my-site");
    this.temp = join(this.base, place, "temp");
    for (const folder of [this.workspace, this.temp, this.toolCache]) mkdirSync(folder, { recursive: true });
  }

  write(path: string, text: string): string {
    const file = join(this.workspace, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Gives the runner a tool cache of its own. uv is in it already, unless each part is to be tried. */
  ownToolCache(): void {
    const uv = join(this.toolCache, "django-ansible-deploy-uv");
    this.toolCache = join(this.base, "tools");
    mkdirSync(this.toolCache);
    if (process.env.DAD_FULL === undefined && existsSync(uv)) {
      cpSync(uv, join(this.toolCache, "django-ansible-deploy-uv"), { recursive: true });
    }
  }

  main(inputs: Record<string, string>, options: StepOptions = {}): Promise<StepResult> {
    return this.#step("main", inputs, options);
  }

  post(options: StepOptions = {}): Promise<StepResult> {
    return this.#step("post", {}, options);
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  /** Node and the action, where every user may read them. */
  #copies(): [node: string, action: string] {
    const action = join(this.base, "action");
    const node = join(action, "node");
    if (existsSync(action)) return [node, action];
    mkdirSync(action);
    for (const name of [
      "action.yml",
      "ansible.cfg",
      "ansible.lock",
      "uv-requirements.lock",
      "dist",
      "ansible_collections",
    ]) {
      cpSync(join(ROOT, name), join(action, name), { recursive: true });
    }
    copyFileSync(process.execPath, node);
    return [node, action];
  }

  async #step(entry: "main" | "post", inputs: Record<string, string>, options: StepOptions): Promise<StepResult> {
    const file = (name: string) => {
      const path = join(this.base, `${entry}-${name}`);
      writeFileSync(path, "");
      return path;
    };
    const files = { output: file("output"), state: file("state"), env: file("env"), path: file("path") };
    const summary = file("summary");
    if (options.user !== undefined) execFileSync("chown", [String(options.user), ...Object.values(files), summary]);
    const env: Record<string, string | undefined> = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: "C.UTF-8",
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => /^(PIP_|UV_|SSL_|.*PROXY$|.*_proxy$)/.test(name)),
      ),
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_ACTOR: "octocat",
      GITHUB_ENV: files.env,
      GITHUB_OUTPUT: files.output,
      GITHUB_PATH: files.path,
      GITHUB_REPOSITORY: "acme/my-site",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_RUN_ID: "4711",
      GITHUB_STATE: files.state,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_WORKSPACE: this.workspace,
      RUNNER_TEMP: this.temp,
      RUNNER_TOOL_CACHE: this.toolCache,
      ...Object.fromEntries(Object.entries(this.state).map(([name, value]) => [`STATE_${name}`, value])),
    };
    for (const [name, { default: fallback }] of Object.entries(ACTION.inputs)) {
      env[`INPUT_${name.toUpperCase()}`] = inputs[name] ?? fallback ?? "";
    }
    Object.assign(env, options.env);
    const started = Date.now();
    // GitHub starts an action in the workspace and sends its signals to this process alone.
    const [node, action] = options.user === undefined ? [process.execPath, ROOT] : this.#copies();
    const [command = "", ...args] = [...(options.before ?? []), node, join(action, "dist", entry, "index.js")];
    const child = spawn(command, args, {
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
      cwd: this.workspace,
      env: env as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    const take = (chunk: string) => {
      log += chunk;
      options.onLog?.(log, child);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (...ended) => resolve(ended));
    });
    const state = commandFile(files.state);
    Object.assign(this.state, state);
    return {
      code,
      signal,
      log,
      state,
      outputs: commandFile(files.output),
      summary: existsSync(summary) ? readFileSync(summary, "utf8") : "",
      seconds: (Date.now() - started) / 1000,
    };
  }
}

export interface StepOptions {
  env?: Record<string, string | undefined>;
  onLog?: (log: string, child: ChildProcess) => void;
  /** Whose process it is; this one's without. Only root may give it; another user gets a copy of the action, since the clone may lie where only root may look. */
  user?: number;
  /** A command that starts the step, such as a shell. */
  before?: string[];
}

/** The log without the lines that tell the runner what to hide: what a reader sees. */
export function visible(log: string): string {
  return log
    .split("\n")
    .filter((line) => !line.startsWith("::add-mask::"))
    .join("\n");
}

/** Reads the file of a command such as GITHUB_OUTPUT: `name<<delimiter`, lines, delimiter. */
function commandFile(path: string): Record<string, string> {
  const result: Record<string, string> = {};
  const lines = readFileSync(path, "utf8").split("\n");
  for (let index = 0; index < lines.length; index++) {
    const match = /^(.+?)<<(.+)$/.exec(lines[index] ?? "");
    if (!match) continue;
    const [, name = "", delimiter = ""] = match;
    const end = lines.indexOf(delimiter, index);
    result[name] = lines.slice(index + 1, end).join("\n");
    index = end;
  }
  return result;
}
