import type { ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, cacheFolder, type Host, onHost, servePostgres, until } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./support/direct.js";
import { commitVersion, site, stateOf } from "./support/fault-fleet.js";
import {
  addMigration,
  addPoints,
  clearPoints,
  failAt,
  holdAt,
  installPoints,
  type Point,
  reached,
} from "./support/fault-points.js";
import { full } from "./support/full.js";
import { knownHosts } from "./support/inventory.js";
import { environmentFiles, leaksInFiles, leaksOnHost, watchLeaks } from "./support/leak-watch.js";
import { createProject, type Project } from "./support/project.js";
import { otherSystem } from "./support/system.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

type End = "succeeds" | "fails" | "is cancelled" | "is killed" | "times out";
interface Case {
  end: End;
  phase: Point;
  /** ACTIONS_STEP_DEBUG and -vvv. */
  verbose: boolean;
}

const phases: Point[] = ["reach", "prepare", "dump", "migrate", "activate", "finish"];
const typical: Case[] = [
  { end: "succeeds", phase: "finish", verbose: true },
  { end: "fails", phase: "activate", verbose: false },
  { end: "is cancelled", phase: "migrate", verbose: false },
  { end: "times out", phase: "prepare", verbose: false },
];
const every: Case[] = [
  { end: "succeeds", phase: "finish", verbose: false },
  { end: "succeeds", phase: "finish", verbose: true },
  ...phases.flatMap((phase) =>
    (["fails", "is cancelled"] as const).flatMap((end) => [false, true].map((verbose) => ({ end, phase, verbose }))),
  ),
  { end: "is killed", phase: "activate", verbose: false },
  { end: "times out", phase: "prepare", verbose: true },
];
/** What `npm test` runs are four of them; `npm run test:full` runs them all. */
const cases = full ? every : typical;

/** One for each input that may hold a secret, and for each form in which one comes. */
const canaries = {
  passphrase: secret("canary-passphrase"),
  sudo: secret("canary-sudo"),
  vault: secret("canary-vault"),
  otherVault: secret("canary-other-vault"),
  registry: secret("canary-registry"),
  vaulted: secret("canary-vaulted"),
  database: secret("canary-database"),
  inventory: secret("canary-inventory"),
  variable: secret("canary-variable"),
  token: secret("canary-token"),
  quoted: secret("canary-quoted"),
  firstLine: secret("canary-first-line"),
  secondLine: secret("canary-second-line"),
  url: secret("canary-url"),
};

let trial: Trial;
let project: Project;
let host: Host;
let all: string[];
let inputs: Record<string, string>;
let deploy: (request: DeployRequest) => Promise<ActionResult>;
let lastMigration = "0001_initial";
let number = 1;
let attempt = 0;
const measured: string[] = [];

beforeAll(async () => {
  trial = await startTrial(`leaks${otherSystem ?? ""}`);
  host = await trial.host({ name: "app1", suite: otherSystem ?? "bookworm", kind: "ready", password: canaries.sudo });
  await servePostgres(host, { database: "mysite", user: "mysite", password: canaries.database });
  await installPoints(host);
  project = await createProject(trial, "examples/mysite");
  addPoints(project);
  project.write(
    "group_vars/all/vars.yml",
    JSON.stringify({
      ...{ app_name: "mysite", server_name: site, django_settings_module: "mysite.settings.production" },
      ...{ db_host: "localhost", db_name: "mysite", db_user: "mysite", django_app_health_timeout: 60 },
    }),
  );
  const vault = { vault_db_password: canaries.database, vault_secret_key: canaries.vaulted };
  project.write("group_vars/all/vault.yml", JSON.stringify(vault));
  await project.encrypt("group_vars/all/vault.yml", canaries.vault);
  project.write("secrets/become", canaries.sudo);
  await project.encrypt("secrets/become", canaries.otherVault);
  await commitVersion(project, "v0");

  const key = join(trial.folder, "protected");
  writeFileSync(key, trial.key.text, { mode: 0o600 });
  execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", canaries.passphrase, "-f", key]);
  all = [...Object.values(canaries), ...keyLines(readFileSync(key, "utf8")), ...keyLines(trial.key.text)];
  const host1 = { ansible_host: host.address, ansible_port: host.sshPort, ansible_user: "deploy" };
  inputs = {
    "ansible-version": process.env.DAD_ANSIBLE ?? "",
    "inventory-file": "",
    inventory: JSON.stringify({ all: { hosts: { app1: { ...host1, unused_password: canaries.inventory } } } }),
    "ssh-private-key": readFileSync(key, "utf8"),
    "ssh-private-key-passphrase": canaries.passphrase,
    "known-hosts": knownHosts([host]),
    "become-password": "secrets/become",
    "vault-password": canaries.vault,
    "vault-passwords": JSON.stringify({ other: canaries.otherVault }),
    vars: JSON.stringify({ payment_api_key: canaries.variable }),
    env: [
      `TOKEN=${canaries.token}`,
      `QUOTED='it"s ${canaries.quoted} {{ here }}'`,
      `LINES="${canaries.firstLine}\n${canaries.secondLine}"`,
      `REDIS_URL=redis://user:${canaries.url}@localhost/0`,
    ].join("\n"),
  };
  deploy = directly(trial, project, [host]);
});

afterAll(async () => {
  if (measured.length > 0) console.log(measured.join("\n"));
  await trial?.end();
});

/** Where Ansible keeps its things when HOME does not say otherwise. */
const home = join(userInfo().homedir, ".ansible");

/** Lines of a private key that no public key has. */
const keyLines = (text: string): string[] => text.trim().split("\n").slice(3, -1);

async function observed(request: DeployRequest): Promise<{ result: ActionResult; leaks: string[] }> {
  const folder = request.folder ?? mkdtempSync(join(trial.folder, "run-"));
  const started = Date.now();
  const watch = await watchLeaks(all, {
    folders: [folder, project.folder, trial.home, trial.temp],
    allowed: [join(folder, "temp", "django-ansible-deploy-")],
    hosts: [host],
  });
  attempt += 1;
  const result = await deploy({
    ...request,
    folder,
    // What was held on a host by a run that was ended keeps the deploy lock; the run's next attempt takes it over.
    ...{ run: String(trial.started), attempt },
    inputs: { ...inputs, ...request.inputs },
    env: { HOME: trial.home, TMPDIR: trial.temp, ...request.env },
  }).catch(async (error) => {
    await watch.stop();
    throw error;
  });
  await clearPoints(host);
  // What a run began on a host goes on to its end there, with its environment in memory.
  await until("The end of what the run began on the host", 120, async () =>
    (await onHost(host, "ls -d /run/django-ansible-deploy-*.service 2>/dev/null || true")) === "" ? true : undefined,
  );
  const told = { log: result.log, outputs: result.outputs, state: result.state, summary: result.summary };
  const leaks = [
    ...(await watch.stop()).map((line) => `during: ${line}`),
    ...Object.entries(told)
      .filter(([, value]) => all.some((canary) => JSON.stringify(value).includes(canary)))
      .map(([name]) => name),
    ...(await leaksInFiles(all, [folder, project.folder, trial.home, trial.temp], 0)),
    ...(await leaksInFiles(all, [tmpdir(), home, join(cacheFolder, "test-tool-cache")], started, [trial.folder])),
    ...(await leaksOnHost(host, all)),
  ];
  expect(readdirSync(join(folder, "temp")).filter((name) => !name.startsWith("deploy-summary-"))).toEqual([]);
  expect(existsSync(result.state.controlFolder ?? "?")).toBe(false);
  return { result, leaks };
}

/** Seconds from a signal until no file below the folder holds a secret. */
async function untilGone(folder: string): Promise<number> {
  const from = Date.now();
  while (holdsSecret(folder)) await pause(20);
  return (Date.now() - from) / 1000;
}

function holdsSecret(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return holdsSecret(path);
    if (!entry.isFile()) return false;
    try {
      const text = readFileSync(path, "utf8");
      return all.some((canary) => text.includes(canary));
    } catch {
      return false;
    }
  });
}

async function play({ end, phase, verbose }: Case): Promise<{ result: ActionResult; leaks: string[] }> {
  number += 1;
  if (phase === "migrate" || phase === "dump") lastMigration = addMigration(project, number, lastMigration);
  await commitVersion(project, `v${number}`);
  if (end === "fails") await failAt(host, phase);
  else if (end !== "succeeds") await holdAt(host, phase);
  let step: ChildProcess | undefined;
  let gone: Promise<number> | undefined;
  const folder = mkdtempSync(join(trial.folder, "run-"));
  const running = observed({
    folder,
    ...(verbose ? { env: { RUNNER_DEBUG: "1" } } : {}),
    inputs: {
      ...(verbose ? { "extra-args": "-vvv" } : {}),
      ...(end === "times out" ? { "timeout-minutes": "0.6" } : {}),
      // By turns as a file and in an agent.
      ...(number % 2 === 0 ? { "ssh-private-key": trial.key.text, "ssh-private-key-passphrase": "" } : {}),
    },
    onStart: (child) => {
      step = child;
    },
  });
  if (end === "is cancelled" || end === "is killed") {
    await Promise.race([reached(host, phase), running]);
    const own = readdirSync(join(folder, "temp")).find((name) => name.startsWith("django-ansible-deploy-"));
    const privateFolder = join(folder, "temp", own ?? "none");
    expect(holdsSecret(privateFolder)).toBe(true);
    step?.kill(end === "is cancelled" ? "SIGINT" : "SIGKILL");
    gone = untilGone(privateFolder);
  }
  const outcome = await running;
  if (end === "is cancelled") {
    const seconds = (await gone) ?? Number.NaN;
    measured.push(`Cancelled in ${phase}: secrets gone after ${seconds.toFixed(1)} s`);
    // The bar is 3 s on a machine of its own; GitHub ends the step after 10 s.
    expect(seconds).toBeLessThan(9);
  }
  return outcome;
}

const statuses: Record<End, RegExp> = {
  succeeds: /^succeeded$/,
  fails: /^(failed|rolled-back)$/,
  "is cancelled": /^cancelled$/,
  "is killed": /^$/,
  "times out": /^failed$/,
};

describe("no secret is anywhere but in the private folder", () => {
  test("when a first deploy succeeds", async () => {
    const { result, leaks } = await observed({});
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(leaks).toEqual([]);
    expect(await environmentFiles(host, canaries.token)).toMatch(
      /^(\/etc\/mysite\/(\w+\.env root:mysite 640|environments\/[\w-]+\.json root:root 600)\n?)+$/,
    );
  });

  test.each(cases)("when a run $end in $phase (verbose: $verbose)", async (one) => {
    const { result, leaks } = await play(one);
    expect(result.outputs.status ?? "", result.log).toMatch(statuses[one.end]);
    expect(leaks).toEqual([]);
    if (/succeeds|fails/.test(one.end)) expect((await stateOf(host)).lock, result.log).toBe("");
  });
});
