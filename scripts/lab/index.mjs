// Real Debian hosts on one machine: containers that run systemd and sshd, published on loopback only.
/** @typedef {import("./hosts.mjs").Host} Host */
/** @typedef {import("./images.mjs").Suite} Suite */
/** @typedef {import("./runner.mjs").ActionResult} ActionResult */

export { appBase, loadAppImage } from "./app-image.mjs";
export { useComposeV5 } from "./compose-v5.mjs";
export {
  engineAnswers,
  ensureCommands,
  ensureEngine,
  ensurePackages,
  ensurePython,
  LabUnavailable,
} from "./engine.mjs";
export { cacheFolder, projectFolder } from "./folders.mjs";
export { containerOf, copyToHost, describe, down, downAll, label, onHost, reboot, up } from "./hosts.mjs";
export { image, imageExists, imageName } from "./images.mjs";
export { makeKey } from "./keys.mjs";
export { servePebble } from "./pebble.mjs";
export { servePostgres } from "./postgres.mjs";
export { offerNewClients, servePostgresVersion } from "./postgres-versions.mjs";
export { registryAddress, serveRegistry, shareRegistry } from "./registry.mjs";
export { node24, runAction } from "./runner.mjs";
export { serveS3 } from "./s3.mjs";
export { must, run, until, which } from "./shell.mjs";
