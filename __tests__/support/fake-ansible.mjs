#!/usr/bin/env node
// Stands in for the Python that Ansible is installed in: does what FAKE_ANSIBLE says and writes down how it was started.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const { FAKE_ANSIBLE = "", DJANGO_ANSIBLE_EVENTS_PATH: events = "", DJANGO_ANSIBLE_EVENTS_PLAY_MARKER } = process.env;
const plan = JSON.parse(readFileSync(join(FAKE_ANSIBLE, "plan.json"), "utf8"));
const argv = process.argv.slice(2);
const program = argv[3];
const playbook = program === "playbook" ? basename(argv[4]) : "";
const lists = argv.includes("--list-hosts");
const cancels = /cancel\.yml$/.test(playbook);
const part = program !== "playbook" ? program : lists ? "list" : cancels ? "cancel" : "play";
const options = plan[part] ?? {};
/** Files of this run that are secret, as far as they are named by arguments. */
const secrets = argv.map((text) => text.replace(/^@|^[\w.-]+@(?=\/)/, "")).filter((path) => /vars\.json$|password/.test(path) && existsSync(path));
const note = (more) =>
  appendFileSync(join(FAKE_ANSIBLE, "started.jsonl"), `${JSON.stringify({ part, argv, env: process.env, secrets, ...more })}\n`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (options.stubborn) return;
    writeFileSync(join(FAKE_ANSIBLE, "orderly"), signal);
    process.exit(99);
  });
}
for (const event of options.events ?? []) appendFileSync(events, `${JSON.stringify(event)}\n`);
process.stdout.write(options.stdout ?? "");
process.stderr.write(options.stderr ?? "");
if (part === "cancel" && !options.silent) process.stdout.write(`${DJANGO_ANSIBLE_EVENTS_PLAY_MARKER} Cancel\n`);
if (options.hold) await pause(options.hold);
note({ left: secrets.filter((path) => existsSync(path)) });
if (options.wait) {
  writeFileSync(join(FAKE_ANSIBLE, "waiting"), String(process.pid));
  await pause(60_000);
}
process.exit(options.code ?? 0);
