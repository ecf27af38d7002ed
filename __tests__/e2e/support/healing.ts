import { until } from "../../../scripts/lab/index.mjs";

/** Seconds after which every host serves one release and nobody holds the lock, whatever happened. */
export const LIMIT = 60;

/** What all hosts ended on, and after how many seconds. */
export interface Healed {
  release: string;
  seconds: number;
}

/** Waits until a fleet is whole again with nobody helping it: one release, and no lock. */
export async function healedFleet(
  since: number,
  look: () => Promise<{ release: string; lock: string }[]>,
): Promise<Healed> {
  let seen = "";
  try {
    return await until("A fleet on one release with no lock", LIMIT + 30, async () => {
      const states = await look();
      seen = JSON.stringify(states);
      const releases = new Set(states.map(({ release }) => release));
      if (releases.size > 1 || states.some(({ lock }) => lock !== "")) return undefined;
      return { release: [...releases][0] ?? "none", seconds: (Date.now() - since) / 1000 };
    });
  } catch (error) {
    throw new Error(`${error}: ${seen}`);
  }
}
