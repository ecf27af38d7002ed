import { get } from "node:http";
import type { Host } from "../../../scripts/lab/index.mjs";

export interface Page {
  status: number;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

/** Asks a host's nginx as a browser would that knows the site under `serverName`. */
export function fetchPage(
  host: Host,
  serverName: string,
  path = "/",
  more: Record<string, string> = {},
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const headers = { Host: serverName, ...more };
    // A connection of its own: nginx closes kept ones when it reads a new configuration.
    get({ host: host.address, port: host.httpPort, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    }).on("error", reject);
  });
}
