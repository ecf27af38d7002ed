import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectFolder } from "./folders.mjs";

/**
 * Runs the built action as GitHub's runner does: main, then post, with the environment, files and log commands of a step.
 * @typedef {{
 *   project: string, folder: string, toolCache: string, inputs: Record<string, string>,
 *   env?: NodeJS.ProcessEnv, action?: string, node?: string,
 *   say?: (line: string) => void, onStart?: (child: import("node:child_process").ChildProcess) => void,
 * }} ActionRun
 * `project` is the checked-out repository, `folder` what belongs to this run alone, `action` the action's repository.
 *
 * `log` is what a reader of the job sees.
 * @typedef {{
 *   code: number, signal: NodeJS.Signals | null, postCode: number, outputs: Record<string, string>,
 *   state: Record<string, string>, summaryFile: string, summary: string, log: string, seconds: number,
 * }} ActionResult
 *
 * @param {ActionRun} request
 * @returns {Promise<ActionResult>}
 */
export async function runAction(request) {
  const action = request.action ?? projectFolder;
  const node = request.node ?? node24();
  const temp = join(request.folder, "temp");
  const files = fileCommands(join(request.folder, `step-${randomUUID()}`));
  for (const folder of [temp, request.toolCache]) mkdirSync(folder, { recursive: true });
  const env = stepEnvironment(request, temp, files, action);
  const reader = logReader(request.say ?? (() => {}), env.RUNNER_DEBUG === "1");
  const start = Date.now();

  const main = await step([node, join(action, "dist/main/index.js")], env, request.project, reader, request.onStart);
  const state = readFileCommand(files.GITHUB_STATE);
  const outputs = readFileCommand(files.GITHUB_OUTPUT);
  const summary = readFileSync(files.GITHUB_STEP_SUMMARY, "utf8");
  const seconds = (Date.now() - start) / 1000;

  const postEnv = { ...env };
  for (const [name, value] of Object.entries(state)) postEnv[`STATE_${name}`] = value;
  const post = await step([node, join(action, "dist/post/index.js")], postEnv, request.project, reader);

  return {
    code: main.code,
    signal: main.signal,
    postCode: post.code,
    outputs,
    state,
    summaryFile: files.GITHUB_STEP_SUMMARY,
    summary,
    log: reader.lines.join("\n"),
    seconds,
  };
}

/** The Node.js that `using: node24` means: this one when it is new enough, else the one among the development packages. */
export function node24() {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  const bundled = join(projectFolder, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  return existsSync(bundled) ? bundled : process.execPath;
}

/** @param {string} folder */
function fileCommands(folder) {
  mkdirSync(folder, { recursive: true });
  const names = /** @type {const} */ ([
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STEP_SUMMARY",
  ]);
  const files = /** @type {Record<typeof names[number], string>} */ ({});
  for (const name of names) {
    files[name] = join(folder, name.toLowerCase());
    writeFileSync(files[name], "");
  }
  return files;
}

/**
 * @param {ActionRun} request
 * @param {string} temp
 * @param {Record<string, string>} files
 * @param {string} action
 * @returns {NodeJS.ProcessEnv}
 */
function stepEnvironment({ project, toolCache, inputs, env }, temp, files, action) {
  /** @type {NodeJS.ProcessEnv} */
  const built = {
    ...process.env,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTOR: "octocat",
    GITHUB_EVENT_NAME: "workflow_dispatch",
    GITHUB_JOB: "deploy",
    GITHUB_REF: "refs/heads/main",
    GITHUB_REF_NAME: "main",
    GITHUB_REPOSITORY: "example/mysite",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_RUN_ID: String(Date.now()),
    GITHUB_RUN_NUMBER: "1",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_WORKFLOW: "deploy",
    GITHUB_WORKSPACE: project,
    RUNNER_ARCH: process.arch.toUpperCase(),
    RUNNER_NAME: "lab",
    RUNNER_OS: process.platform === "darwin" ? "macOS" : "Linux",
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: toolCache,
    ...files,
    ...env,
  };
  for (const [name, value] of Object.entries({
    ...inputDefaults(readFileSync(join(action, "action.yml"), "utf8")),
    ...inputs,
  })) {
    built[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] = value;
  }
  return built;
}

/**
 * Every input of an action.yml with its default. The file is our own, two levels deep and plain, so lines are enough.
 * @param {string} text
 */
export function inputDefaults(text) {
  /** @type {Record<string, string>} */
  const defaults = {};
  let name = "";
  for (const line of (text.split(/^inputs:$/m)[1] ?? "").split(/^\S/m)[0]?.split("\n") ?? []) {
    const key = /^ {2}([\w-]+):$/.exec(line);
    if (key?.[1] !== undefined) {
      name = key[1];
      defaults[name] = "";
    }
    const value = /^ {4}default: (.*)$/.exec(line)?.[1];
    if (value !== undefined) defaults[name] = value.startsWith('"') ? JSON.parse(value) : value;
  }
  return defaults;
}

/**
 * @param {string[]} argv
 * @param {NodeJS.ProcessEnv} env
 * @param {string} cwd
 * @param {ReturnType<typeof logReader>} reader
 * @param {ActionRun["onStart"]} [onStart]
 * @returns {Promise<{ code: number, signal: NodeJS.Signals | null }>}
 */
function step([command = "", ...args], env, cwd, reader, onStart) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", reader.read);
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? 128, signal }));
    onStart?.(child);
  });
}

/**
 * Reads a step's log the way the runner does: obeys commands, hides what is masked, shows the rest.
 * @param {(line: string) => void} say
 * @param {boolean} debugging whether ACTIONS_STEP_DEBUG is set
 */
function logReader(say, debugging) {
  /** @type {string[]} */
  const lines = [];
  /** @type {Set<string>} */
  const masks = new Set();
  let stopped = "";
  /** @param {string} line */
  const show = (line) => {
    const masked = [...masks]
      .sort((a, b) => b.length - a.length)
      .reduce((text, mask) => text.replaceAll(mask, "***"), line);
    lines.push(masked);
    say(masked);
  };
  /** @param {string} line */
  const read = (line) => {
    const command = /^::([\w-]+)(?: .*?)?::(.*)$/.exec(line);
    const [, name = "", data = ""] = command ?? [];
    if (stopped !== "") {
      if (name === stopped) stopped = "";
      else show(line);
      return;
    }
    const text = data.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
    switch (name) {
      case "add-mask":
        for (const part of [text, ...text.split(/\r?\n/)]) if (part.trim() !== "") masks.add(part);
        break;
      case "stop-commands":
        stopped = text;
        break;
      case "group":
        show(`▸ ${text}`);
        break;
      case "error":
      case "warning":
      case "notice":
        show(`${name[0]?.toUpperCase()}${name.slice(1)}: ${text}`);
        break;
      case "debug":
        if (debugging) show(`debug: ${text}`);
        break;
      case "endgroup":
        break;
      default:
        show(line);
    }
  };
  return { lines, read };
}

/**
 * The pairs in a runner's command file: `name=value`, or a heredoc for values of several lines.
 * @param {string} file
 */
function readFileCommand(file) {
  /** @type {Record<string, string>} */
  const pairs = {};
  const lines = readFileSync(file, "utf8").split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const [, name, delimiter] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
    if (name !== undefined && delimiter !== undefined) {
      const end = lines.indexOf(delimiter, index + 1);
      pairs[name] = lines.slice(index + 1, end).join("\n");
      index = end;
    } else if (line.includes("=")) {
      pairs[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
  }
  return pairs;
}
