import { type Host, onHost } from "../../../scripts/lab/index.mjs";

/** What something asked of a host: programs that sudo started, and bytes that came to it over the network, also in answer to what it asked itself. */
export interface Asked {
  programs: number;
  bytes: number;
}

/** Counts what is asked of a host meanwhile. Neither a slow machine nor a distant one changes these numbers. */
export async function askedOf(host: Host, work: () => Promise<unknown>): Promise<Asked> {
  const before = await counters(host);
  await work();
  const after = await counters(host);
  return { programs: after.programs - before.programs, bytes: after.bytes - before.bytes };
}

async function counters(host: Host): Promise<Asked> {
  const [programs, bytes] = (
    await onHost(
      host,
      "journalctl --quiet --output=cat _COMM=sudo | grep -c COMMAND= || true; cat /sys/class/net/eth0/statistics/rx_bytes",
    )
  ).split("\n");
  return { programs: Number(programs), bytes: Number(bytes) };
}
