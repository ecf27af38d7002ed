import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * What a command did.
 * @typedef {{ code: number, stdout: string, stderr: string }} Finished
 * @typedef {{ input?: string, env?: NodeJS.ProcessEnv, cwd?: string, timeout?: number }} RunOptions
 */

/**
 * Runs a command without a shell and waits for its end. A command that cannot be started ends with code 127.
 * @param {string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<Finished>}
 */
export function run(argv, options = {}) {
  const [command = "", ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.timeout === undefined ? {} : { timeout: options.timeout, killSignal: "SIGKILL" }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    // A command that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => {});
    child.on("error", (error) => resolve({ code: 127, stdout, stderr: `${stderr}${error.message}` }));
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 128, stdout, stderr: signal === null ? stderr : `${stderr}ended by ${signal}` }),
    );
    child.stdin.end(options.input ?? "");
  });
}

/**
 * Like `run`, but a failure is an error that says what the command printed last. Returns standard output, trimmed.
 * @param {string[]} argv
 * @param {RunOptions} [options]
 */
export async function must(argv, options) {
  const { code, stdout, stderr } = await run(argv, options);
  if (code !== 0) {
    const said = (stderr.trim() || stdout.trim()).split("\n").slice(-15).join("\n");
    throw new Error(`\`${argv.slice(0, 4).join(" ")}${argv.length > 4 ? " …" : ""}\` ended with ${code}: ${said}`);
  }
  return stdout.trim();
}

/**
 * The first executable of that name on PATH (and where administrators' commands live).
 * @param {string} name
 */
export function which(name) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @param {number} milliseconds */
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Asks again until the answer is something; an error says what was waited for.
 * @template T
 * @param {string} what
 * @param {number} seconds
 * @param {() => Promise<T | undefined> | T | undefined} ask
 * @returns {Promise<T>}
 */
export async function until(what, seconds, ask) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s.`);
    await sleep(100);
  }
}
