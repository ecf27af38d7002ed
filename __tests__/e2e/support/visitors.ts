import * as http from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import * as https from "node:https";
import { Agent, WebSocket } from "undici";
import type { Host } from "../../../scripts/lab/index.mjs";

export const kinds = ["WebSocket", "event stream", "keep-alive", "HTTP/2", "upload of 5 MB", "download"] as const;
export type Kind = (typeof kinds)[number];

/** What became of all clients of a kind. Pauses are in milliseconds. */
export interface Seen {
  sent: number;
  answered: number;
  /** Failures and connections that ended without a word, or while their release was live. */
  cut: string[];
  /** Sockets and streams that ended when their slot stopped, and what reconnecting took at most. */
  toldToGo: number;
  /** How those sockets among them ended that got no close frame. */
  withoutWord: string[];
  longestReconnect: number;
  /** Between two messages, events or parts of one connection; for one answer, from the last byte that was sent. */
  longestPause: number;
  /** The same among those pauses that touch two seconds to either side of a switch of any host. */
  longestPauseAtSwitch: number;
}

export interface Visitors {
  seen: Record<Kind, Seen>;
  /** The versions that each host came to give to new requests, and since when. */
  versions: Map<string, [version: string, since: number][]>;
  /** The longest pause of each kind so far, which is then measured anew. */
  pauses(): Record<Kind, number>;
  stop(): Promise<Record<Kind, Seen>>;
}

export interface VisitorOptions {
  clients: Record<Kind, number>;
  /** Seconds that an old slot has for what is open. */
  graceful: number;
  /** Seconds that a download takes. */
  download: number;
  /** Whether they come over TLS; without it there is no HTTP/2. */
  tls?: boolean;
}

/** A pause in milliseconds, and when it ended. */
interface Pause {
  end: number;
  milliseconds: number;
}

const near = 2000;
const longestAt = (moments: number[], pauses: Pause[]): number =>
  Math.max(
    0,
    ...pauses
      .filter(({ end, milliseconds }) =>
        moments.some((moment) => end > moment - near && end - milliseconds < moment + near),
      )
      .map(({ milliseconds }) => milliseconds),
  );

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const uploadBytes = 5_000_000;

/** Clients of every kind that use the hosts in turn, until they are stopped. */
export function receiveVisitors(
  hosts: Host[],
  { clients, graceful, download: seconds, tls = true }: VisitorOptions,
): Visitors {
  const { request, Agent: HttpAgent } = tls ? https : http;
  const none = (): Seen => ({
    sent: 0,
    answered: 0,
    cut: [],
    toldToGo: 0,
    withoutWord: [],
    longestReconnect: 0,
    longestPause: 0,
    longestPauseAtSwitch: 0,
  });
  const noticed = Object.fromEntries(kinds.map((kind) => [kind, [] as Pause[]])) as Record<Kind, Pause[]>;
  const seen = Object.fromEntries(kinds.map((kind) => [kind, none()])) as Record<Kind, Seen>;
  const versions: Visitors["versions"] = new Map(hosts.map(({ name }) => [name, []]));
  let stopping = false;

  const note = (host: Host, version: string): void => {
    const known = versions.get(host.name) ?? [];
    if (version !== "" && known.at(-1)?.[0] !== version) known.push([version, Date.now()]);
  };
  /** Why an end counts as a cut: its release was live, or the graceful time was not over. */
  const cutBecause = (host: Host, version: string, opened: number): string | undefined => {
    const next = versions.get(host.name)?.find(([name, since]) => name !== version && since > opened);
    if (next === undefined) return `${version} was live`;
    const seconds = (Date.now() - next[1]) / 1000;
    return seconds < graceful - 1 ? `${Math.round(seconds)} s after ${next[0]} came` : undefined;
  };
  const port = (host: Host): number => host.ports[tls ? 443 : 80] ?? 0;
  const longer = (kind: Kind, milliseconds: number): void => {
    seen[kind].longestPause = Math.max(seen[kind].longestPause, milliseconds);
    if (milliseconds >= 50) noticed[kind].push({ end: Date.now(), milliseconds });
  };

  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  async function socket(host: Host): Promise<void> {
    const of = seen.WebSocket;
    let left: number | undefined;
    while (!stopping) {
      await new Promise<void>((ended) => {
        const client = new WebSocket(`${tls ? "wss" : "ws"}://${host.address}:${port(host)}/echo`, { dispatcher });
        const opened = Date.now();
        let [version, sentAt, waiting] = ["", 0, false];
        const ask = setInterval(() => {
          if (stopping) client.close(1000);
          if (stopping || waiting || client.readyState !== WebSocket.OPEN) return;
          [sentAt, waiting] = [Date.now(), true];
          of.sent++;
          client.send("hello");
        }, 250);
        client.onopen = () => {
          if (left !== undefined) of.longestReconnect = Math.max(of.longestReconnect, Date.now() - left);
          left = undefined;
        };
        client.onmessage = ({ data }) => {
          version = String(data).split(" ")[0] ?? "";
          of.answered++;
          waiting = false;
          longer("WebSocket", Date.now() - sentAt);
        };
        client.onclose = ({ code }) => {
          clearInterval(ask);
          left = Date.now();
          const told = [1001, 1012].includes(code);
          // Who was sent on before the first answer cannot say from which release.
          const why = version === "" && told ? undefined : cutBecause(host, version, opened);
          if (!stopping && !told)
            of.withoutWord.push(
              `${host.name}: ${code} from ${version || "nobody"}, ${waiting ? "with" : "without"} a message on its way`,
            );
          if (!stopping && why !== undefined) of.cut.push(`${host.name}: ${why}`);
          else if (!stopping) {
            of.toldToGo++;
            // What was on its way when the socket closed is no answer that is missing.
            if (waiting) of.sent--;
          } else if (waiting) of.sent--;
          ended();
        };
        // One that is refused has no close event.
        client.onerror = () => {
          if (version !== "" || client.readyState === WebSocket.OPEN) return;
          clearInterval(ask);
          if (!stopping) of.cut.push(`${host.name}: refused`);
          setTimeout(ended, 100);
        };
      });
    }
  }

  interface Answer {
    status: number;
    body: string;
  }
  const ask = (
    kind: Kind,
    host: Host,
    options: https.RequestOptions,
    send?: (out: ReturnType<typeof request>) => void,
    onText?: (text: string) => boolean,
  ) =>
    new Promise<Answer>((resolve, reject) => {
      let last = Date.now();
      const heard = (): void => {
        longer(kind, Date.now() - last);
        last = Date.now();
      };
      const out = request(
        { host: host.address, port: port(host), rejectUnauthorized: false, ...options },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => {
            heard();
            if (onText === undefined) body += text;
            else if (!onText(text)) out.destroy();
          });
          response.on("error", reject).on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      // A kept connection that the other side closed at this moment: the request was not taken, and browsers ask again.
      out.on("error", (error) => reject(Object.assign(error, { again: out.reusedSocket })));
      out.on("finish", () => {
        last = Date.now();
      });
      if (send === undefined) out.end();
      else send(out);
    });

  async function stream(host: Host): Promise<void> {
    const of = seen["event stream"];
    let left: number | undefined;
    while (!stopping) {
      const opened = Date.now();
      let [version, heard] = ["", false];
      of.sent++;
      const onText = (text: string): boolean => {
        version = /data: (\S+)/.exec(text)?.[1] ?? version;
        if (left !== undefined) of.longestReconnect = Math.max(of.longestReconnect, Date.now() - left);
        left = undefined;
        if (!heard) of.answered++;
        heard = true;
        return !stopping;
      };
      await ask("event stream", host, { path: "/events", agent: false }, undefined, onText).catch(() => {});
      left = Date.now();
      if (stopping) return;
      const why = cutBecause(host, version, opened);
      if (why === undefined) of.toldToGo++;
      else of.cut.push(`${host.name}: ${why}`);
    }
  }

  async function timed(
    of: Seen,
    host: Host,
    work: () => Promise<Answer>,
    expected: (body: string) => boolean,
  ): Promise<void> {
    of.sent++;
    try {
      const { status, body } = await work().catch((error) => (error.again === true ? work() : Promise.reject(error)));
      note(host, /Version (\S+)/.exec(body)?.[1] ?? "");
      if (status === 200 && expected(body)) of.answered++;
      else of.cut.push(`${host.name}: ${status} ${body.slice(0, 100)} (${body.length})`);
    } catch (error) {
      of.cut.push(`${host.name}: ${error instanceof Error ? error.message : error}`);
    }
  }

  async function keepAlive(host: Host): Promise<void> {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    while (!stopping) {
      await timed(
        seen["keep-alive"],
        host,
        () => ask("keep-alive", host, { path: "/version", agent }),
        (body) => body.startsWith("Version"),
      );
      await pause(250);
    }
    agent.destroy();
  }

  async function upload(host: Host): Promise<void> {
    const chunk = Buffer.alloc(uploadBytes / 50);
    const slowly = async (out: ReturnType<typeof request>): Promise<void> => {
      for (let number = 0; number < 50 && !out.destroyed; number++) {
        out.write(chunk);
        await pause(100);
      }
      out.end();
    };
    const options = {
      path: "/upload",
      method: "POST",
      agent: false as const,
      headers: { "Content-Length": uploadBytes },
    };
    while (!stopping)
      await timed(
        seen["upload of 5 MB"],
        host,
        () => ask("upload of 5 MB", host, options, slowly),
        (body) => body.endsWith(` ${uploadBytes}`),
      );
  }

  async function download(host: Host): Promise<void> {
    while (!stopping)
      await timed(
        seen.download,
        host,
        () => ask("download", host, { path: `/download?${seconds}`, agent: false }),
        (body) => body.endsWith("end"),
      );
  }

  async function http2(host: Host): Promise<void> {
    let session: ClientHttp2Session | undefined;
    const get = (): Promise<Answer> =>
      new Promise((resolve, reject) => {
        if (session === undefined || session.closed || session.destroyed) {
          session = connect(`https://${host.address}:${port(host)}`, { rejectUnauthorized: false }).on(
            "error",
            () => {},
          );
        }
        const start = Date.now();
        const out = session.request({ ":path": "/version" });
        let [status, body] = [0, ""];
        out.setEncoding("utf8").on("response", (headers) => {
          status = Number(headers[":status"]);
        });
        out.on("data", (text: string) => {
          body += text;
        });
        // Refused since the server said goodbye: not taken, so a client asks again.
        out.on("error", (error) => reject(Object.assign(error, { again: out.rstCode === 7 || status === 0 })));
        out
          .on("end", () => {
            longer("HTTP/2", Date.now() - start);
            resolve({ status, body });
          })
          .end();
        // After the answer this says nothing any more.
        out.on("close", () => reject(Object.assign(new Error("closed without an answer"), { again: status === 0 })));
      });
    while (!stopping) {
      await timed(seen["HTTP/2"], host, get, (body) => body.startsWith("Version"));
      await pause(250);
    }
    session?.close();
  }

  const work: Record<Kind, (host: Host) => Promise<void>> = {
    WebSocket: socket,
    "event stream": stream,
    "keep-alive": keepAlive,
    "HTTP/2": http2,
    "upload of 5 MB": upload,
    download,
  };
  const running = kinds.flatMap((kind) =>
    Array.from({ length: clients[kind] }, async (_, number) => {
      await pause((1000 * number) / clients[kind]);
      const host = hosts[number % hosts.length];
      if (host !== undefined) await work[kind](host);
    }),
  );
  return {
    seen,
    versions,
    pauses: () => {
      const found = Object.fromEntries(kinds.map((kind) => [kind, seen[kind].longestPause])) as Record<Kind, number>;
      for (const kind of kinds) {
        seen[kind].longestPause = 0;
        noticed[kind] = [];
      }
      return found;
    },
    stop: async () => {
      stopping = true;
      await Promise.all(running);
      await dispatcher.destroy();
      const switches = [...versions.values()].flatMap((known) => known.slice(1).map(([, since]) => since));
      for (const kind of kinds) seen[kind].longestPauseAtSwitch = longestAt(switches, noticed[kind]);
      return seen;
    },
  };
}

const ofDjango = `
import asyncio, os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings.production")
from django.core.asgi import get_asgi_application
from mysite import __version__

pages = get_asgi_application()
`;

const alone = `
import asyncio
from version import __version__


async def pages(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Well"})
`;

const application = `

async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            # A foreign test suite takes its messages back as they are.
            answer = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None} if scope["path"] == "/mirror" else {"text": __version__ + " " + message["text"]}
            await send({"type": "websocket.send", **answer})
    elif scope["type"] == "http" and scope["path"] in ("/events", "/download"):
        events = scope["path"] == "/events"
        headers = [(b"content-type", b"text/event-stream" if events else b"application/octet-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(listen(receive))
        for number in range(100_000 if events else 5 * int(scope["query_string"])):
            if gone.done():
                return
            body = b"data: %s %d\\n\\n" % (__version__.encode(), number) if events else b"x" * 10_000
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"end"})
    elif scope["type"] == "http" and scope["path"] in ("/version", "/upload"):
        size = 0
        while (message := await receive())["type"] == "http.request":
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"Version %s %d" % (__version__.encode(), size)})
    else:
        await pages(scope, receive, send)


async def listen(receive):
    while (await receive())["type"] != "http.disconnect":
        pass
`;

/** A plain ASGI application that has something for each kind of client, before the project's own pages. */
export const visited = ofDjango + application;

/** The same without a project: `version` is a module beside it. */
export const visitedAlone = alone + application;
