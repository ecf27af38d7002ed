import { connect, createServer } from "node:net";

/**
 * A way to a host on this machine that takes longer: each byte is held back for half of the round trip in each direction, and a new
 * connection for a whole one, as its handshake takes. Bandwidth stays, and so does how fast TCP starts.
 * @param {number} target port on loopback
 * @returns {Promise<{ port: number, seconds: number, turns: number, close: () => void }>} `seconds` is the round trip that is added; it may be set
 * whenever nothing is on its way. `turns` counts handshakes and how often this side spoke after the other had: round trips, waited for or not.
 */
export async function delayed(target) {
  /** @type {Set<import("node:net").Socket>} */
  const open = new Set();
  const way = { port: 0, seconds: 0, turns: 0, close: () => {} };
  /** A timer takes a millisecond at least. @param {number} roundTrips @param {() => void} work */
  const after = (roundTrips, work) => {
    if (way.seconds === 0) work();
    else setTimeout(work, way.seconds * roundTrips * 1000);
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    way.turns += 1;
    after(1, () => {
      let last = near;
      const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
      const pairs = /** @type {const} */ ([
        [near, far],
        [far, near],
      ]);
      for (const [from, to] of pairs) {
        open.add(from);
        from.on("data", (data) => {
          if (from === near && last === far) way.turns += 1;
          last = from;
          after(1 / 2, () => to.write(data));
        });
        from.on("end", () => after(1 / 2, () => to.end()));
        from.on("error", () => to.destroy());
        from.on("close", () => open.delete(from));
      }
    });
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

/**
 * Hosts as they are from further away, for SSH alone: `set` says how many seconds a round trip to each of them takes longer.
 * @param {import("./fleet.mjs").Host[]} hosts
 */
export async function farther(hosts) {
  const ways = await Promise.all(hosts.map((host) => delayed(host.sshPort)));
  return {
    hosts: hosts.map((host, index) => {
      const sshPort = ways[index]?.port ?? 0;
      const hostKeyLines = host.hostKeyLines.map((line) => line.replace(`]:${host.sshPort} `, `]:${sshPort} `));
      return { ...host, sshPort, hostKeyLines };
    }),
    /** Those of all hosts so far. */
    turns: () => ways.reduce((sum, way) => sum + way.turns, 0),
    set: (/** @type {number} */ seconds) => {
      for (const way of ways) way.seconds = seconds;
    },
    close: () => {
      for (const way of ways) way.close();
    },
  };
}
