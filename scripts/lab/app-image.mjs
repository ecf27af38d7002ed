import { spawn } from "node:child_process";
import { image } from "./images.mjs";

/** What the image goes by on the hosts. */
export const appBase = "lab/app:latest";

/**
 * Puts the `app` image into the engine of a host.
 * @param {import("./hosts.mjs").Host} host
 * @param {(line: string) => void} [say]
 */
export async function loadAppImage(host, say = () => {}) {
  const name = await image("trixie", "app", say);
  const saver = spawn("docker", ["save", name], { stdio: ["ignore", "pipe", "inherit"] });
  const script = `docker load --quiet && docker tag ${name} ${appBase}`;
  const loader = spawn("docker", ["exec", "-i", host.container, "sh", "-ec", script], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  saver.stdout.pipe(loader.stdin);
  let said = "";
  loader.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const code = await new Promise((resolve) => loader.on("close", resolve));
  if (code !== 0) throw new Error(`The image of applications was not loaded on ${host.name}: ${said.trim()}`);
}
