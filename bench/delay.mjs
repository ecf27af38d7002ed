import { connect, createServer } from "node:net";

/**
 * A way to a host on this machine that takes longer: each byte is held back for half of the round trip in each direction, and a new
 * connection for a whole one, as its handshake takes. Bandwidth stays.
 * @param {number} target port on loopback
 * @returns {Promise<{ port: number, seconds: number, close: () => void }>} `seconds` is the round trip that is added; it may be set at any time
 */
export async function delayed(target) {
  /** @type {Set<import("node:net").Socket>} */
  const open = new Set();
  const way = { port: 0, seconds: 0, close: () => {} };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    setTimeout(() => {
      const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
      const pairs = /** @type {const} */ ([
        [near, far],
        [far, near],
      ]);
      for (const [from, to] of pairs) {
        open.add(from);
        from.on("data", (data) => setTimeout(() => to.write(data), way.seconds * 500));
        from.on("end", () => setTimeout(() => to.end(), way.seconds * 500));
        from.on("error", () => to.destroy());
        from.on("close", () => open.delete(from));
      }
    }, way.seconds * 1000);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A proxy listens on no port.");
  way.port = address.port;
  way.close = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return way;
}
