import { spawn } from "node:child_process";
import { createServer, type Socket } from "node:net";

/** Something on a loopback port that is no sshd. */
export interface Listener {
  port: number;
  close(): Promise<void>;
}

/** A loopback port that nobody listens on. */
export function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 1));
    });
  });
}

/** Accepts connections and never says a word. */
export function silent(): Promise<Listener> {
  const sockets = new Set<Socket>();
  return new Promise((resolve) => {
    const server = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 1;
      const close = (): Promise<void> => {
        for (const socket of sockets) socket.destroy();
        return new Promise((done) => server.close(() => done()));
      };
      resolve({ port, close });
    });
  });
}

/** A queue that is full and never emptied: further packets are dropped, as by a firewall. */
const HOLE = `
import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(0)
fill = []
for _ in range(8):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(s.getsockname())
    fill.append(c)
print(s.getsockname()[1], flush=True)
sys.stdin.read()
`;

/** A port that does not answer at all. */
export function blackHole(): Promise<Listener> {
  const child = spawn("python3", ["-c", HOLE], { stdio: ["pipe", "pipe", "inherit"] });
  return new Promise((resolve) => {
    child.stdout.once("data", (text: Buffer) => {
      const close = (): Promise<void> =>
        new Promise((done) => {
          child.once("exit", () => done());
          child.stdin.end();
        });
      resolve({ port: Number(text), close });
    });
  });
}
