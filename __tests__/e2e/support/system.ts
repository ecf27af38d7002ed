import type { Suite } from "../../../scripts/lab/index.mjs";

/** The system of every host of a suite that is run once more on another one; `undefined` where it has its own. */
export const otherSystem = process.env.DAD_SYSTEM as Suite | undefined;
