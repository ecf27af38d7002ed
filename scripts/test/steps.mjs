import { spawn } from "node:child_process";
import { projectFolder } from "../lab/index.mjs";

/**
 * Runs the parts of the test, tells how each went, and adds up what they counted.
 * @typedef {import("./counts.mjs").Counts} Counts
 * @typedef {{ env?: NodeJS.ProcessEnv, live?: boolean, count?: () => Counts | undefined }} CommandOptions
 */
export class Steps {
  /** @type {Counts} */
  total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Set<import("node:child_process").ChildProcess>} */
  running = new Set();

  /** @param {string} line */
  say = (line) => console.log(line);

  /**
   * Something that has to be there before tests can run. Its failure is one failed test, and the parts that need it see it.
   * @template T
   * @param {string} title
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>}
   */
  async prepare(title, work) {
    const start = Date.now();
    try {
      const result = await work();
      this.say(`· ${title}: ${typeof result === "string" ? result : "ready"} (${seconds(start)})`);
      return result;
    } catch (error) {
      this.total.failed += 1;
      this.say(`✘ ${title} (${seconds(start)})\n${indent(error instanceof Error ? error.message : String(error))}`);
      return undefined;
    }
  }

  /**
   * A command that tests. Without a report of its own it counts as one test; a report that says all is well is not
   * believed when the command failed.
   * @param {string} title
   * @param {string[]} argv
   * @param {CommandOptions} [options]
   */
  async test(title, argv, options = {}) {
    const start = Date.now();
    this.say(`▸ ${title}`);
    const { code, output } = await this.command(argv, options);
    const counted = (options.count ?? (() => undefined))() ?? { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 };
    if (code !== 0 && counted.failed === 0) counted.failed = 1;
    for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) this.total[key] += counted[key];
    const sum = `${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped`;
    this.say(`${counted.failed === 0 ? "✔" : "✘"} ${title}: ${sum} (${seconds(start)})`);
    if (counted.failed > 0 && !options.live) this.say(indent(output.split("\n").slice(-300).join("\n")));
  }

  /**
   * A part that cannot run here, and that a run which has to prove something cannot do without.
   * @param {string} title
   * @param {string} reason
   */
  lack(title, reason) {
    if (process.env.CI !== "true") return this.skip(title, reason);
    this.total.failed += 1;
    this.say(`✘ ${title} cannot run: ${reason}`);
  }

  /**
   * @param {string} title
   * @param {string} reason
   */
  skip(title, reason) {
    this.total.skipped += 1;
    this.say(`- ${title} skipped: ${reason}`);
  }

  /**
   * @param {string[]} argv
   * @param {CommandOptions} options
   * @returns {Promise<{ code: number, output: string }>}
   */
  command([command = "", ...args], { env, live }) {
    return new Promise((resolve) => {
      const child = spawn(command, args, {
        cwd: projectFolder,
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.running.add(child);
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => {
          output += text;
          if (live) process.stdout.write(text);
        });
      }
      child.on("error", (error) => {
        output += error.message;
      });
      child.on("close", (code) => {
        this.running.delete(child);
        resolve({ code: code ?? 128, output });
      });
    });
  }
}

/** @param {number} start */
const seconds = (start) => `${((Date.now() - start) / 1000).toFixed(1)} s`;

/** @param {string} text */
const indent = (text) => text.replace(/^/gm, "    ");
