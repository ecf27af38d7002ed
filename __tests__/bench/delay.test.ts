import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, expect, test } from "vitest";
import { delayed } from "../../bench/delay.mjs";

const echo = createServer((socket) => socket.pipe(socket));
echo.listen(0, "127.0.0.1");
await once(echo, "listening");
const way = await delayed((echo.address() as AddressInfo).port);
afterAll(() => {
  way.close();
  echo.close();
});

/** Seconds for so many questions, each asked when the one before is answered. */
async function talk(questions: number): Promise<number> {
  const start = performance.now();
  const socket = connect({ port: way.port, host: "127.0.0.1", noDelay: true });
  for (let asked = 0; asked < questions; asked++) {
    socket.write("?");
    expect(String((await once(socket, "data"))[0])).toBe("?");
  }
  socket.destroy();
  return (performance.now() - start) / 1000;
}

test("the handshake and each question take a round trip", async () => {
  way.seconds = 0.05;
  const seconds = await talk(3);
  expect(seconds).toBeGreaterThanOrEqual(4 * 0.05 - 0.005);
  way.seconds = 0;
  expect(await talk(3)).toBeLessThan(seconds);
});

test("a handshake, and each time that this side speaks after the other has, is a turn", async () => {
  const before = way.turns;
  await talk(3);
  expect(way.turns - before).toBe(3);
});
