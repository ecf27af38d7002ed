import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// A plain ASGI application: it echoes what comes over a WebSocket, and sends an event twice a second, each with its version.
const graceful = 12;
const key = secret("django-key");
const echo = `
import asyncio, os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings.production")
from django.core.asgi import get_asgi_application
from mysite import __version__

pages = get_asgi_application()


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": __version__ + " " + message["text"]})
    elif scope["type"] == "http" and scope["path"] == "/events":
        headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(listen(receive))
        for number in range(10_000):
            if gone.done():
                return
            await send({"type": "http.response.body", "body": b"data: %s %d\\n\\n" % (__version__.encode(), number), "more_body": True})
            await asyncio.sleep(0.5)
    else:
        await pages(scope, receive, send)


async def listen(receive):
    while (await receive())["type"] != "http.disconnect":
        pass
`;

let trial: Trial;
let project: Project;
let host: Host;
let deploy: (version: string) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("sockets");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  project.write("mysite/asgi.py", echo);
  const run = directly(trial, project, [host]);
  deploy = async (version) => {
    project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
    await project.commit(`Version ${version}`);
    const result = await run({
      inputs: {
        env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
        vars: [
          // Every name: a WebSocket of the runner cannot choose its Host.
          "server_name: _",
          "django_settings_module: mysite.settings.production",
          "django_app_asgi: mysite.asgi:application",
          `gunicorn_graceful_timeout: ${graceful}`,
          `vault_secret_key: ${key}`,
        ].join("\n"),
      },
    });
    expect(result.outputs.status, result.log).toBe("succeeded");
    return result;
  };
  await deploy("1");
});

afterAll(() => trial?.end());

interface Socket {
  /** Sends a text and gives what comes back. */
  ask(text: string): Promise<string>;
  /** When and how it was closed; not yet. */
  closed?: { at: number; code: number };
  close(): void;
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host.address}:${host.httpPort}/echo`);
    const answers: ((text: string) => void)[] = [];
    const opened: Socket = {
      ask: (text) =>
        new Promise((answer) => {
          answers.push(answer);
          socket.send(text);
        }),
      close: () => socket.close(),
    };
    socket.onopen = () => resolve(opened);
    socket.onmessage = ({ data }) => answers.shift()?.(String(data));
    socket.onerror = () => reject(new Error("the WebSocket was refused"));
    socket.onclose = ({ code }) => {
      opened.closed = { at: Date.now(), code };
      for (const answer of answers.splice(0)) answer(`closed with ${code}`);
    };
  });
}

interface Stream {
  events: { at: number; text: string }[];
  ended?: number;
  close(): void;
}

function listen(): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: host.address, port: host.httpPort, path: "/events", agent: false },
      (response: IncomingMessage) => {
        const stream: Stream = { events: [], close: () => request.destroy() };
        response.setEncoding("utf8").on("data", (text: string) => {
          for (const event of text.split("\n\n")) if (event !== "") stream.events.push({ at: Date.now(), text: event });
        });
        for (const end of ["end", "error"])
          response.on(end, () => {
            stream.ended ??= Date.now();
          });
        resolve(stream);
      },
    ).on("error", reject);
  });
}

const versions = (stream: Stream): string[] => [...new Set(stream.events.map(({ text }) => text.split(" ")[1] ?? ""))];
const longestPause = (stream: Stream): number =>
  Math.max(...stream.events.slice(1).map(({ at }, index) => at - (stream.events[index]?.at ?? at)));
const state = (slot: string): Promise<string> =>
  onHost(host, `systemctl is-active mysite@${slot}.service || true`).then((text) => text.trim());

describe("WebSockets and event streams through a deploy", () => {
  test("are passed on, and events come as they are sent", async () => {
    const socket = await open();
    expect(await socket.ask("hello")).toBe("1 hello");
    socket.close();
    const stream = await listen();
    await until("four events", 5, async () => (stream.events.length >= 4 ? true : undefined));
    stream.close();
    expect(longestPause(stream)).toBeLessThan(3000);
  });

  test("stay where they are until they end, new ones reach the new release at once, and the deploy does not wait", async () => {
    const [socket, stream] = await Promise.all([open(), listen()]);
    let firstOfNew: string | undefined;
    const during = deploy("2").finally(() => {
      firstOfNew ??= "too late";
    });
    while (firstOfNew === undefined) {
      const other = await open();
      const answer = await other.ask("new");
      other.close();
      expect(["1 new", "2 new"]).toContain(answer);
      if (answer === "2 new") firstOfNew = answer;
      expect(await socket.ask("still")).toBe("1 still");
    }
    expect(firstOfNew).toBe("2 new");
    await during;
    // The old slot drains by itself.
    expect(await socket.ask("after")).toBe("1 after");
    expect(await state("blue")).toBe("deactivating");
    expect(stream.ended).toBeUndefined();
    expect(versions(stream)).toEqual(["1"]);
    console.log(`longest pause of an event stream through a deploy, ms: ${longestPause(stream)}`);
    expect(longestPause(stream)).toBeLessThan(3000);
    const ended = Date.now();
    socket.close();
    stream.close();
    await until("the old slot stops", graceful, async () => ((await state("blue")) === "inactive" ? true : undefined));
    console.log(`the old slot stopped ${Date.now() - ended} ms after its last socket`);
  });

  test("are told to go when the graceful time is over, and not before", async () => {
    const [socket, stream] = await Promise.all([open(), listen()]);
    expect(await socket.ask("hello")).toBe("2 hello");
    await deploy("3");
    const stopped = Date.now();
    expect(await state("green")).toBe("deactivating");
    await until("the socket is closed", graceful + 20, async () => (socket.closed ? true : undefined));
    const { at = 0, code } = socket.closed ?? {};
    console.log(`closed with ${code} ${at - stopped} ms after the deploy`);
    // Not cut: a client knows that it may connect again.
    expect([1001, 1012]).toContain(code);
    expect(at - stopped).toBeGreaterThan((graceful - 4) * 1000);
    await until("the stream ends", 30, async () => (stream.ended ? true : undefined));
    expect(await (await open()).ask("again")).toBe("3 again");
  });
});
