import type { RunEvent } from "./events.js";
import { taskName } from "./task-name.js";

/** Seconds after which a task that goes on is told of, and again every minute. */
const TOLD_AFTER = [10, 20, 30, 60] as const;
const TOLD_EVERY = 60;

/** How far the task is that runs now, told only where it takes long. */
export class Progress {
  #playHosts = 0;
  #task: { name: string; started: number; done: Set<string> } | undefined;
  #told = 0;

  /** Takes events as they come. */
  take(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.event === "play") this.#playHosts = event.hosts ?? 0;
      if (event.event === "task") {
        this.#task = { name: taskName(event), started: event.time ?? 0, done: new Set() };
        this.#told = 0;
      }
      if (event.event === "result") this.#task?.done.add(event.host);
      if (event.event === "stats") this.#task = undefined;
    }
  }

  /**
   * A line when it is time for one: `… Prepare the release: 1 of 2 hosts done after 20 s`.
   *
   * @param now seconds since the epoch.
   */
  line(now: number): string | undefined {
    if (this.#task === undefined) return undefined;
    const { name, started, done } = this.#task;
    const elapsed = now - started;
    if (elapsed < this.#next()) return undefined;
    this.#told = elapsed;
    const hosts = this.#playHosts > 1 ? `${done.size} of ${this.#playHosts} hosts done ` : "";
    return `… ${name}: ${hosts}after ${Math.floor(elapsed)} s`;
  }

  /** When the next line is due, in seconds since the task began. */
  #next(): number {
    return TOLD_AFTER.find((seconds) => seconds > this.#told) ?? this.#told + TOLD_EVERY;
  }
}
