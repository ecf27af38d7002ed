import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The project, and the folder in it that holds whatever can be made again; git ignores it. */
export const projectFolder = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const cacheFolder = resolve(projectFolder, ".cache");
