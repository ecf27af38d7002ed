import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Stop } from "../src/process/stop.js";
import { Watchdog } from "../src/watchdog.js";

const bite = { noteBroken: vi.fn(), end: vi.fn() };
let stop: Stop;
let watchdog: Watchdog;

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  stop = new Stop();
  watchdog = new Watchdog(stop, bite);
});
afterEach(() => {
  watchdog.release();
  stop.release();
  vi.useRealTimers();
});

describe("the watchdog", () => {
  it("ends a run that was told to end and does not, before GitHub kills it", () => {
    vi.advanceTimersByTime(3_600_000);
    expect(bite.end).not.toHaveBeenCalled();
    stop.give("cancelled");
    vi.advanceTimersByTime(7_000);
    expect(bite.end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(bite.end).toHaveBeenCalledTimes(1);
    process.emit("beforeExit", 0);
    expect(bite.end).toHaveBeenCalledTimes(1);
  });

  it("ends a report that does not end, and gives it no more time after a cancel", () => {
    watchdog.finishing();
    vi.advanceTimersByTime(21_000);
    expect(bite.end).toHaveBeenCalledTimes(1);
    const second = { noteBroken: vi.fn(), end: vi.fn() };
    const cancelled = new Stop();
    const other = new Watchdog(cancelled, second);
    cancelled.give("cancelled");
    other.finishing();
    vi.advanceTimersByTime(8_000);
    expect(second.end).toHaveBeenCalledTimes(1);
    other.release();
    cancelled.release();
  });

  it("ends a run that waits for nothing any more", () => {
    process.emit("beforeExit", 0);
    expect(bite.end).toHaveBeenCalledTimes(1);
  });

  it.each(["uncaughtException", "unhandledRejection"] as const)("stops a run for an %s", (name) => {
    const error = new Error("why");
    process.listeners(name as "uncaughtException").at(-1)?.(error, "uncaughtException");
    expect(bite.noteBroken).toHaveBeenCalledWith(error);
    expect(stop.reason).toBe("broken");
  });

  it.each(["stdout", "stderr"] as const)("ends a run whose runner is gone, so that nobody reads its %s", (name) => {
    process[name].emit("error", new Error("write EPIPE"));
    process[name].emit("error", new Error("write EPIPE"));
    expect(stop.reason).toBe("cancelled");
    expect(bite.noteBroken).not.toHaveBeenCalled();
    watchdog.release();
    expect(process[name].listenerCount("error")).toBe(0);
  });

  it("lets go of a run that has ended", () => {
    stop.give("cancelled");
    const listeners = () =>
      (["uncaughtException", "unhandledRejection"] as const).map((name) => process.listenerCount(name));
    const before = listeners();
    watchdog.release();
    expect(listeners()).toEqual(before.map((count) => count - 1));
    vi.advanceTimersByTime(60_000);
    process.emit("beforeExit", 0);
    expect(bite.end).not.toHaveBeenCalled();
  });
});
