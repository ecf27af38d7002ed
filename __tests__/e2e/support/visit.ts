import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { onHost } from "../../../scripts/lab/index.mjs";
import { renewCertificate, rolledBack, type Site } from "./site.js";
import { type Kind, kinds, receiveVisitors, type Seen, type VisitorOptions } from "./visitors.js";

export interface Visit extends VisitorOptions {
  /** How many new releases are deployed, besides all that goes wrong or changes otherwise. */
  deploys: number;
  /** Seconds before the first deploy, whose longest pauses are told apart. */
  quiet: number;
}

export interface Visited {
  seen: Record<Kind, Seen>;
  /** Longest pause of each kind before the first deploy, in milliseconds; not measured. */
  quiet?: Record<Kind, number>;
}

/** Visitors of every kind stay through deploys, one that fails, a rollback, another certificate and a change of nginx. */
export async function visit(site: Site, options: Visit): Promise<Required<Visited>> {
  const visitors = receiveVisitors(site.hosts, options);
  try {
    await pause(options.quiet * 1000);
    const quiet = visitors.pauses();
    for (let number = 2; number < 2 + options.deploys; number++) await site.deployed(String(number));
    await site.commit("broken");
    const failed = await site.deploy({ django_app_health_statuses: [418], django_app_health_timeout: 3 });
    expect(failed.outputs.status, failed.log).toBe("rolled-back");
    await rolledBack(site);
    for (const host of site.hosts) {
      await renewCertificate(host);
      await onHost(host, "systemctl reload nginx");
    }
    await site.commit("last");
    const last = await site.deploy({ django_app_max_upload: "11m" });
    expect(last.outputs.status, last.log).toBe("succeeded");
    return { seen: await visitors.stop(), quiet };
  } finally {
    await visitors.stop();
  }
}

export const headings = [
  "clients",
  "kind",
  "sent",
  "answered",
  "cut",
  "asked to reconnect",
  "without a close frame",
  "longest reconnect, ms",
  "longest pause, ms",
  "at a switch, ms",
  "in a quiet time, ms",
];

/** A row of `headings` for each kind. */
export function rowsOf({ seen, quiet }: Visited, clients: Record<Kind, number>): string[][] {
  return kinds.map((kind) => {
    const { sent, answered, cut, toldToGo, withoutWord, longestReconnect, longestPause, longestPauseAtSwitch } =
      seen[kind];
    const stays = kind === "WebSocket" || kind === "event stream";
    return [
      clients[kind],
      kind,
      sent,
      answered,
      cut.length,
      stays ? toldToGo : "",
      kind === "WebSocket" ? withoutWord.length : "",
      stays ? longestReconnect : "",
      longestPause,
      longestPauseAtSwitch,
      quiet?.[kind] ?? "",
    ].map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell));
  });
}

/** `withoutFrame` is the share of idle WebSockets that may end without a close frame. */
export function expectNobodyCut({ seen }: Visited, withoutFrame = 0): void {
  for (const kind of kinds) {
    expect(seen[kind].cut, kind).toEqual([]);
    // nginx gives up a connection whose message it cannot pass on any more, with the frame that waits there. Who was silent gets it.
    const idle = seen[kind].withoutWord.filter((how) => !how.endsWith("with a message on its way"));
    expect(idle.slice(Math.floor(withoutFrame * seen[kind].toldToGo)), kind).toEqual([]);
    if (kind !== "event stream") expect(seen[kind].answered, kind).toBe(seen[kind].sent);
  }
}

/** What a machine that does nothing else has to reach. */
export function expectQuickReturn({ seen }: Visited): void {
  for (const kind of kinds) expect(seen[kind].longestReconnect, kind).toBeLessThan(1000);
}
