import { annotate } from "./announce.js";
import { messageOf } from "./errors.js";
import type { Inputs } from "./inputs/inputs.js";
import type { Outcome } from "./report/outcome.js";
import type { PublishParts } from "./report/publish.js";
import type { Marks } from "./report/timings.js";
import { Mask } from "./secrets/mask.js";
import type { PrivateFolder } from "./secrets/private-folder.js";

/** What a report goes by when the inputs could not be read. */
const UNREAD = { check: false, operation: "deploy", playbook: "", appName: "", workingDirectory: "." } as const;

/** What is known of a run so far, so that it can be reported and cleaned up at any instant. */
export class Known {
  readonly #started = Date.now();
  readonly #marks: { -readonly [K in Exclude<keyof Marks, "started" | "now">]?: number } = {};
  readonly mask = new Mask();
  inputs: Inputs | undefined;
  folder: PrivateFolder | undefined;
  /** "" while there is none. */
  controlFolder = "";
  /** "" while Ansible is not ready. */
  ansibleVersion = "";
  outcome: Outcome | undefined;

  get privateFolder(): string {
    return this.folder?.path ?? "";
  }

  /** Notes that the run has come to a point. */
  mark(point: Exclude<keyof Marks, "started" | "now">): void {
    this.#marks[point] = Date.now();
  }

  /** What is published besides the outcome. */
  reportParts(): PublishParts {
    return {
      inputs: this.inputs ?? UNREAD,
      summary: this.inputs?.summary ?? true,
      ansibleVersion: this.ansibleVersion,
      durationSeconds: Math.round((Date.now() - this.#started) / 1000),
      marks: { ...this.#marks, started: this.#started, now: Date.now() },
      redact: this.mask.redact,
    };
  }

  /** Says what nobody expected. */
  readonly noteBroken = (error: unknown): void => {
    annotate(this.mask.redact(`Unexpected: ${messageOf(error)}`), {});
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    process.stderr.write(`${this.mask.redact(stack)}\n`);
  };
}
