import { spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder, projectFolder } from "../../../scripts/lab/index.mjs";
import { actionCopy } from "./action-copy.js";
import { watchArguments } from "./arguments.js";
import type { Project } from "./project.js";
import { tool } from "./tools.js";
import { type Trial, writeSecret } from "./trial.js";

export interface WorkflowRun {
  code: number;
  log: string;
  /** The action's outputs, as the step after it saw them. */
  outputs: Record<string, string>;
  /** The job summary's Markdown, of the last step that ran the action; and that of each. */
  summary: string;
  summaries: string[];
  seconds: number;
  secrets: string[];
  /** Command lines that held a secret while the workflow ran. */
  argumentLeaks: string[];
  /** Copies of the runner's temporary folder and of the workspace, made right after the action's post step. */
  kept: { temp: string; workspace: string };
}

export interface WorkflowRequest {
  project: Project;
  secrets?: Record<string, string>;
  vars?: Record<string, string>;
  /** Of workflow_dispatch. */
  inputs?: Record<string, string>;
  /** What starts the workflow, and what GitHub tells of it; workflow_dispatch by default. */
  event?: { name: string; payload?: object };
  /** Folders of actions that stand in for those of GitHub, by `owner/name@ref`. */
  actions?: Record<string, string>;
  /** Commands that stand in for those of a hosted runner, by name: the text of a script. */
  commands?: Record<string, string>;
}

/** The runners' own folder; it holds the tool cache, which all tests fill once. */
const runners = join(cacheFolder, "e2e", "runner");

/** Runs a workflow of `workflows/`, or one with a path, in a repository, with act, as a self-hosted runner would. */
export async function runWorkflow(trial: Trial, workflow: string, request: WorkflowRequest): Promise<WorkflowRun> {
  const keep = mkdtempSync(join(trial.folder, "run-"));
  mkdirSync(runners, { recursive: true });
  const secrets = request.secrets ?? {};
  const outputsFile = join(keep, "outputs.json");
  const event = request.event ?? { name: "workflow_dispatch" };
  const argv = [
    event.name,
    ...(event.payload === undefined
      ? []
      : ["--eventpath", writeSecret(trial, "event.json", JSON.stringify(event.payload))]),
    "--workflows", resolve(projectFolder, "__tests__/e2e/workflows", workflow),
    "--platform", "ubuntu-latest=-self-hosted",
    "--platform", "self-hosted=-self-hosted",
    "--local-repository", `org/django-ansible-deploy@v1=${actionCopy}`,
    ...Object.entries(request.actions ?? {}).flatMap(([name, folder]) => ["--local-repository", `${name}=${folder}`]),
    // Files in YAML, which JSON is: their other format has its own ideas about quotes and dollars.
    "--secret-file", writeSecret(trial, "secrets.yml", JSON.stringify(secrets)),
    "--var-file", writeSecret(trial, "vars.yml", JSON.stringify(request.vars ?? {})),
    "--env-file", writeSecret(trial, "env.yml", "{}"),
    "--input-file", writeSecret(trial, "input.yml", JSON.stringify(request.inputs ?? {})),
    "--action-cache-path", runners,
    // It would listen on more than loopback.
    "--no-cache-server",
  ]; // biome-ignore format: one option a line
  const bin = keepingNode(keep);
  for (const [name, text] of Object.entries(request.commands ?? {}))
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  const start = Date.now();
  const watch = watchArguments(Object.values(secrets));
  const { code, log } = await act(argv, request.project.folder, environment(trial, bin, outputsFile));
  const argumentLeaks = watch.stop();
  writeFileSync(join(keep, "log.txt"), log);
  const summaries = globSync("summary-*.md", { cwd: keep })
    .map(String)
    .toSorted()
    .map((name) => readFileSync(join(keep, name), "utf8"));
  return {
    code,
    log,
    outputs: existsSync(outputsFile) ? JSON.parse(readFileSync(outputsFile, "utf8")) : {},
    summary: summaries.at(-1) ?? "",
    summaries,
    seconds: (Date.now() - start) / 1000,
    secrets: Object.values(secrets),
    argumentLeaks,
    kept: { temp: join(keep, "temp"), workspace: join(keep, "workspace") },
  };
}

function act(argv: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool("act"), argv, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (process.env.DAD_SHOW_LOG !== undefined) console.log(line);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 128, log: lines.join("\n") }));
  });
}

function environment(trial: Trial, bin: string, outputsFile: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: trial.home,
    XDG_CACHE_HOME: join(trial.home, ".cache"),
    TMPDIR: trial.temp,
    PATH: [bin, process.env.PATH].join(delimiter),
    OUTPUTS_FILE: outputsFile,
  };
  // What belongs to the test's own runner, or says that there is no terminal to ask.
  for (const name of Object.keys(env)) {
    if (/^(npm_|VITEST|NODE_ENV$|VIRTUAL_ENV$|ANSIBLE_|TEST$|DEV$|MODE$|PROD$|BASE_URL$|SSR$)/.test(name))
      delete env[name];
  }
  return env;
}

/**
 * A `node` for act that keeps what act removes at the end of a job: without it nobody could look for what the action
 * left behind. Returns its folder.
 */
function keepingNode(keep: string): string {
  const bin = join(keep, "bin");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "node"),
    `#!${process.execPath}
const { spawnSync } = require("node:child_process");
const { copyFileSync, cpSync } = require("node:fs");
const argv = process.argv.slice(2);
const { GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE, RUNNER_TEMP } = process.env;
if (argv.join(" ").includes("process.execPath")) {
  // act asks node where it is, and would pass this script by from then on.
  console.log(__filename);
} else {
  process.exitCode = spawnSync(process.execPath, argv, { stdio: "inherit" }).status ?? 128;
  if (argv[0]?.endsWith("/dist/main/index.js")) copyFileSync(GITHUB_STEP_SUMMARY, ${JSON.stringify(join(keep, "summary-"))} + Date.now() + ".md");
  if (argv[0]?.endsWith("/dist/post/index.js")) {
    cpSync(RUNNER_TEMP, ${JSON.stringify(join(keep, "temp"))}, { recursive: true, verbatimSymlinks: true });
    cpSync(GITHUB_WORKSPACE, ${JSON.stringify(join(keep, "workspace"))}, { recursive: true, verbatimSymlinks: true });
  }
}
`,
    { mode: 0o755 },
  );
  return bin;
}
