import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { Source } from "../../src/project/sources.js";
import { closedIn } from "../../src/vault/closed.js";
import { VAULT } from "../support/vault.js";

const { derived } = vi.hoisted(() => ({ derived: { count: 0 } }));
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  const pbkdf2 = (...args: Parameters<typeof crypto.pbkdf2>) => {
    derived.count++;
    crypto.pbkdf2(...args);
  };
  return { ...crypto, pbkdf2 };
});

/** A YAML file with so many vaulted values, all of them different. */
function vaulted(count: number): string {
  const value = (index: number) => {
    const salt = Buffer.from(index.toString(16).padStart(4, "0")).toString("hex");
    return VAULT.replace("65343864", salt).replaceAll("\n", "\n    ");
  };
  return Array.from({ length: count }, (_, index) => `v${index}: !vault |\n    ${value(index)}\n`).join("");
}

const source = (text: string, path = "/w/all.yml"): Source => ({
  place: { path, name: path },
  text,
  isInventory: false,
});

/** What work gives, and for how many milliseconds at most nothing else was heard meanwhile. */
async function longestPause<T>(work: Promise<T>): Promise<[T, number]> {
  let last = performance.now();
  let longest = 0;
  const ticks = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  try {
    const result = await work;
    return [result, longest];
  } finally {
    clearInterval(ticks);
  }
}

describe("closedIn", () => {
  it("opens 200 values with 2 passwords and hears signals meanwhile", { retry: 2, timeout: 60_000 }, async () => {
    derived.count = 0;
    // What the machine makes this process wait for anyway.
    const [, idle] = await longestPause(pause(1_000));
    const [closed, longest] = await longestPause(closedIn([source(vaulted(200))], ["right", "wrong"]));
    expect(closed.length).toBe(200);
    expect(derived.count).toBe(400);
    expect(longest).toBeLessThan(Math.max(100, 4 * idle));
  });

  it("derives a value once, also where it stands in several files", async () => {
    derived.count = 0;
    expect(await closedIn([source(VAULT, "/w/a.yml"), source(VAULT, "/w/b.yml")], ["right"])).toEqual([]);
    expect(derived.count).toBe(1);
    const value = `x: !vault |\n  ${VAULT.replaceAll("\n", "\n  ")}\n`;
    expect(await closedIn([source(value)], ["wrong"])).toMatchObject([{ value: "x", id: "" }]);
  });

  it("ends when it is stopped", async () => {
    derived.count = 0;
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    await expect(closedIn([source(vaulted(50))], ["wrong"], stop.signal)).rejects.toThrow();
    expect(derived.count).toBeLessThan(50);
  });

  it("counts everything as closed without a password", async () => {
    expect(await closedIn([source(VAULT)], [])).toEqual([{ file: "/w/all.yml", value: "", id: "" }]);
  });
});
