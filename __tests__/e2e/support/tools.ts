import { join } from "node:path";
import { cacheFolder } from "../../../scripts/lab/index.mjs";

/** A program of the test tooling, which `npm test` installs from scripts/test-requirements.txt. */
export const tool = (name: string): string => join(cacheFolder, "test-venv", "bin", name);
