#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { repository } from "./images.mjs";
import {
  describe,
  down,
  downAll,
  ensureCommands,
  ensureEngine,
  image,
  LabUnavailable,
  label,
  must,
  reboot,
  up,
} from "./index.mjs";

const usage = `node scripts/lab/cli.mjs COMMAND
  bake SUITE KIND                     SUITE: bullseye, bookworm, trixie, forky, ubuntu-like, own-kernel; KIND: base, ready, engine
  up TEST NAME SUITE KIND PUBLIC_KEY  a host with passwordless sudo for \`deploy\`; prints what is known of it
  show TEST NAME
  reboot TEST NAME
  down TEST                           everything of that test
  list                                every host of every test
  clean                               every host, network and image of the lab`;

/** @param {string} line */
const say = (line) => console.error(line);

/** @type {Record<string, (...args: any[]) => Promise<unknown>>} */
const commands = {
  bake: async (suite, kind) => console.log(await image(suite, kind, say)),
  up: async (test, name, suite, kind, publicKey) => {
    await ensureCommands(["ssh"], say);
    const host = await up({ test, name, suite, kind, authorizedKeys: [readFileSync(publicKey, "utf8").trim()] }, say);
    console.log(JSON.stringify(host, null, 2));
  },
  show: async (test, name) => console.log(JSON.stringify(await describe(test, name), null, 2)),
  reboot: async (test, name) => reboot(await describe(test, name)),
  down,
  list: async () => console.log(await must(["docker", "ps", "--all", "--filter", `label=${label}`])),
  clean: async () => {
    await ensureEngine(say);
    await downAll("");
    const images = (await must(["docker", "images", "--quiet", repository])).split("\n").filter((id) => id !== "");
    if (images.length > 0) await must(["docker", "rmi", "--force", ...new Set(images)]);
  },
};

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(usage);
  process.exit(2);
}
try {
  await command(...args);
} catch (error) {
  if (!(error instanceof LabUnavailable)) throw error;
  console.error(error.message);
  process.exit(1);
}
