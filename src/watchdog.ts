import { onUnheard } from "./announce.js";
import type { Stop } from "./process/stop.js";

/** Milliseconds from the signal to end a run to the watchdog's bite; GitHub kills a cancelled step after 10 s. */
const AFTER_STOP = 7_300;
/** Milliseconds that report and clean-up have. */
const AFTER_RUN = 20_000;

/** What the watchdog does when a run does not end by itself. */
export interface Bite {
  /** Takes note of an error that nobody caught. */
  readonly noteBroken: (error: unknown) => void;
  /** Publishes what is known, cleans up and exits. */
  readonly end: () => void;
}

/** Sees to it that a run ends: by itself in its time, or by {@link Bite.end}. */
export class Watchdog {
  readonly #stop: Stop;
  readonly #bite: Bite;
  #timer: NodeJS.Timeout | undefined;
  #bitten = false;
  readonly #hearAgain: () => void;

  constructor(stop: Stop, bite: Bite) {
    this.#stop = stop;
    this.#bite = bite;
    process.on("uncaughtException", this.#broken);
    process.on("unhandledRejection", this.#broken);
    // A runner that is gone cancels nothing any more, and gets no result.
    this.#hearAgain = onUnheard(() => stop.give("cancelled"));
    // Nothing is left that the run could wait for, and yet it has not ended.
    process.on("beforeExit", this.#end);
    stop.signal.addEventListener("abort", () => this.#within(AFTER_STOP), { once: true });
  }

  /** Ansible has ended: what is left is short. */
  finishing(): void {
    if (!this.#stop.signal.aborted) this.#within(AFTER_RUN);
  }

  /** The run has ended. */
  release(): void {
    clearTimeout(this.#timer);
    process.off("uncaughtException", this.#broken);
    process.off("unhandledRejection", this.#broken);
    process.off("beforeExit", this.#end);
    this.#hearAgain();
  }

  readonly #broken = (error: unknown): void => {
    this.#bite.noteBroken(error);
    this.#stop.give("broken");
  };

  readonly #end = (): void => {
    if (this.#bitten) return;
    this.#bitten = true;
    this.#bite.end();
  };

  #within(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#end, milliseconds);
  }
}
