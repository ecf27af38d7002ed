import { request } from "node:http";
import type { Host } from "../../../scripts/lab/index.mjs";

/** One request of a client and what became of it. Times are in milliseconds. */
export interface Sample {
  host: string;
  start: number;
  end: number;
  /** The version that the page told. */
  version: string;
  /** Why it counts as failed: a status other than 200, or what went wrong with the connection. */
  failure?: string;
}

export interface Load {
  samples: Sample[];
  /** Lets the requests that run end, and makes no more. */
  stop(): Promise<Sample[]>;
}

export interface LoadOptions {
  clients?: number;
  /** Milliseconds that a client rests between two requests. */
  rest?: number;
  path?: string;
}

/** Clients that ask the hosts in turn for a page, each request on a connection of its own, until they are stopped. */
export function startLoad(hosts: Host[], serverName: string, options: LoadOptions = {}): Load {
  const { clients = 20, rest = 250, path = "/" } = options;
  const samples: Sample[] = [];
  let stopping = false;
  const client = async (number: number): Promise<void> => {
    await pause((rest * number) / clients);
    for (let turn = number; !stopping; turn++) {
      const host = hosts[turn % hosts.length];
      if (host !== undefined) samples.push(await ask(host, serverName, path));
      await pause(rest);
    }
  };
  const running = Array.from({ length: clients }, (_, number) => client(number));
  return {
    samples,
    stop: async () => {
      stopping = true;
      await Promise.all(running);
      return samples;
    },
  };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One request as a browser makes its first one: no connection is kept. */
export function ask(host: Host, serverName: string, path: string): Promise<Sample> {
  const start = performance.now();
  return new Promise((resolve) => {
    let status = 0;
    let body = "";
    const end = (failure?: string): void => {
      const version = /Version ([^<\s]+)/.exec(body)?.[1] ?? "";
      const sample = { host: host.name, start, end: performance.now(), version };
      resolve(failure === undefined ? sample : { ...sample, failure });
    };
    const headers = { Host: serverName, Connection: "close" };
    request({ host: host.address, port: host.httpPort, path, headers, agent: false, timeout: 90_000 }, (response) => {
      status = response.statusCode ?? 0;
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", (error) => end(`${status}, then ${error.message}`));
      response.on("end", () => end(status === 200 ? undefined : `${status} ${body.slice(0, 200)}`));
    })
      .on("timeout", () => end("no answer in 90 s"))
      .on("error", (error) => end(error.message))
      .end();
  });
}

export const failures = (samples: Sample[]): string[] =>
  samples.flatMap(({ host, failure }) => (failure === undefined ? [] : [`${host}: ${failure}`]));

export const slowest = (samples: Sample[]): number => Math.max(0, ...samples.map(({ start, end }) => end - start));

/** What 99 of 100 requests did not exceed. */
export function ninetyNine(samples: Sample[]): number {
  const sorted = samples.map(({ start, end }) => end - start).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

/** The requests that ran close to a change of version on their own host: two seconds to either side of it. */
export function aroundSwitches(samples: Sample[]): Sample[] {
  const changes = new Map<string, number[]>();
  const versions = new Map<string, string>();
  for (const { host, version, end } of [...samples].sort((a, b) => a.end - b.end)) {
    const before = versions.get(host);
    if (before !== undefined && before !== version) changes.set(host, [...(changes.get(host) ?? []), end]);
    versions.set(host, version);
  }
  return samples.filter(({ host, start, end }) =>
    (changes.get(host) ?? []).some((moment) => start < moment + 2000 && end > moment - 2000),
  );
}
