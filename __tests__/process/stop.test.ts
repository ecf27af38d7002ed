import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { orStop, Stop, Stopped } from "../../src/process/stop.js";

const never = new Promise<never>(() => undefined);

describe("orStop", () => {
  it("gives what the work gives", async () => {
    const { signal } = new AbortController();
    expect(await orStop(Promise.resolve(1), signal)).toBe(1);
    expect(await orStop(Promise.resolve(2), undefined)).toBe(2);
    await expect(orStop(Promise.reject(new Error("why")), signal)).rejects.toThrow("why");
    const slow = new Promise((resolve) => setTimeout(() => resolve(3), 60));
    expect(await orStop(slow, signal, 5)).toBe(3);
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  it.each(["before", "meanwhile"])("ends when the signal is given %s, whatever the work does", async (when) => {
    const stop = new AbortController();
    if (when === "before") stop.abort();
    else setTimeout(() => stop.abort(), 10);
    await expect(orStop(never, stop.signal, 20)).rejects.toEqual(new Stopped());
    expect(new Stopped().message).toBe("The run was ended.");
  });

  it("gives the work a moment to clear up, and hides what it says of its end", async () => {
    let cleared = false;
    const work = (async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      cleared = true;
      throw new Error("killed");
    })();
    await expect(orStop(work, AbortSignal.abort(), 5_000)).rejects.toBeInstanceOf(Stopped);
    expect(cleared).toBe(true);
    await expect(orStop(Promise.resolve(1), AbortSignal.abort())).rejects.toBeInstanceOf(Stopped);
  });
});

describe("Stop", () => {
  it("hears both signals, and the first reason counts", () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const stop = new Stop();
      expect(stop.reason).toBeUndefined();
      process.emit(signal);
      stop.give("timeout");
      expect(stop.reason).toBe("cancelled");
      stop.release();
      expect(process.listenerCount(signal)).toBe(0);
    }
  });

  it("has one time limit, which ends with the run", () => {
    vi.useFakeTimers();
    const [late, settled] = [new Stop(), new Stop()];
    late.after(1);
    late.after(2);
    settled.after(1);
    settled.settle();
    vi.advanceTimersByTime(90_000);
    expect(late.reason).toBeUndefined();
    vi.advanceTimersByTime(90_000);
    expect([late.reason, settled.reason]).toEqual(["timeout", undefined]);
    vi.useRealTimers();
    for (const stop of [late, settled]) stop.release();
  });

  it("starts no step once it is given", async () => {
    const stop = new Stop();
    expect(await stop.step(async (signal) => signal === stop.signal)).toBe(true);
    stop.give("cancelled");
    const work = vi.fn();
    await expect(stop.step(work)).rejects.toBeInstanceOf(Stopped);
    expect(work).not.toHaveBeenCalled();
    stop.release();
  });
});
