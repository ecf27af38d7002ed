/** Why a run is to end early. `broken` is an error that nobody caught. */
export type StopReason = "cancelled" | "timeout" | "broken";

/** What an await throws when the run is to end. */
export class Stopped extends Error {
  override readonly name = "Stopped";

  constructor() {
    super("The run was ended.");
  }
}

/** Milliseconds for work that was told to stop to clear up behind itself. */
const PATIENCE = 1_000;

/**
 * Waits for work that may not listen to the signal, or not at every one of its steps. When the signal is given, also
 * before, the work gets a moment to clear up, and the wait ends.
 *
 * @throws Stopped.
 */
export async function orStop<T>(work: Promise<T>, signal: AbortSignal | undefined, patience = PATIENCE): Promise<T> {
  if (signal === undefined) return await work;
  let given: () => void = () => undefined;
  let waiting: NodeJS.Timeout | undefined;
  const stopped = new Promise<never>((_, reject) => {
    given = () => {
      waiting = setTimeout(() => reject(new Stopped()), patience);
    };
    if (signal.aborted) given();
    else signal.addEventListener("abort", given, { once: true });
  });
  try {
    const result = await Promise.race([work, stopped]);
    if (signal.aborted) throw new Stopped();
    return result;
  } catch (error) {
    throw signal.aborted ? new Stopped() : error;
  } finally {
    clearTimeout(waiting);
    signal.removeEventListener("abort", given);
    stopped.catch(() => undefined);
  }
}

/** Listens for what ends a run early: the runner's signals on a cancel, the time limit, and errors that nobody caught. */
export class Stop {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  readonly #cancel = () => this.give("cancelled");

  /** Aborted when the run is to end. */
  readonly signal = this.#controller.signal;

  constructor() {
    // GitHub sends SIGINT, after 7.5 s SIGTERM, and kills after 2.5 s more.
    process.on("SIGINT", this.#cancel);
    process.on("SIGTERM", this.#cancel);
  }

  /** Starts the time limit. */
  after(minutes: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.give("timeout"), minutes * 60_000);
  }

  /** undefined while the run may go on. */
  get reason(): StopReason | undefined {
    return this.signal.aborted ? (this.signal.reason as StopReason) : undefined;
  }

  /** The first reason counts. */
  give(reason: StopReason): void {
    if (!this.signal.aborted) this.#controller.abort(reason);
  }

  /**
   * One step of a run: starts it unless the run is to end, and waits no longer than that.
   *
   * @throws Stopped.
   */
  async step<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.signal.aborted) throw new Stopped();
    return await orStop(work(this.signal), this.signal);
  }

  /** The run has ended. */
  release(): void {
    process.off("SIGINT", this.#cancel);
    process.off("SIGTERM", this.#cancel);
  }

  /** Stops the time limit. Signals stay handled: clean-up is short and must come to its end. */
  settle(): void {
    clearTimeout(this.#timer);
  }
}
