/** Why a run is to end early. */
export type StopReason = "cancelled" | "timeout";

/** Listens for what ends a run early: the runner's signals on a cancel, and the time limit. */
export class Stop {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  readonly #cancel = () => this.#abort("cancelled");

  /** Aborted when the run is to end. */
  readonly signal = this.#controller.signal;

  constructor() {
    // GitHub sends SIGINT, after 7.5 s SIGTERM, and kills after 2.5 s more.
    process.on("SIGINT", this.#cancel);
    process.on("SIGTERM", this.#cancel);
  }

  /** Starts the time limit. */
  after(minutes: number): void {
    this.#timer = setTimeout(() => this.#abort("timeout"), minutes * 60_000);
  }

  /** undefined while the run may go on. */
  get reason(): StopReason | undefined {
    return this.signal.aborted ? (this.signal.reason as StopReason) : undefined;
  }

  /** Stops the time limit. Signals stay handled: clean-up is short and must come to its end. */
  settle(): void {
    clearTimeout(this.#timer);
  }

  #abort(reason: StopReason): void {
    if (!this.signal.aborted) this.#controller.abort(reason);
  }
}
