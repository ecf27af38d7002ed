// Shows a whole deploy on this machine: a real Debian host, the built action run as GitHub's runner runs it, and the page.
//   npm run demo              bring a host up and deploy examples/mysite to it
//   npm run demo -- again     deploy the same commit again: nothing changes
//   npm run demo -- change    commit a new version and deploy it
//   npm run demo -- down      remove all of it
// Needs Node.js 20 or newer and nothing from npm.
import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import {
  cacheFolder,
  containerOf,
  describe,
  down,
  engineAnswers,
  ensureCommands,
  ensureEngine,
  ensurePython,
  imageExists,
  imageName,
  LabUnavailable,
  makeKey,
  must,
  node24,
  projectFolder,
  run,
  runAction,
  up,
} from "./lab/index.mjs";

const folder = join(cacheFolder, "demo");
/** Names the host; another clone on this machine has a demo of its own. */
const test = `demo-${createHash("sha256").update(folder).digest("hex").slice(0, 6)}`;
const project = join(folder, "mysite");
const stateFile = join(folder, "state.json");

/** @param {string} line */
const say = (line) => console.log(line);
/** @param {string} title */
const step = (title) => say(`\n== ${title}`);

/** @typedef {{ host: string, keyFile: string, sudoPassword: string, secretKey: string, runs: number }} State */

const commands = {
  first: async () => {
    if (existsSync(stateFile) && (await hostIsUp(loadState()))) {
      say("The demo is up already; this deploys to it once more. `npm run demo -- down` removes it.");
      return deploy();
    }
    say("This deploys examples/mysite to a host of its own on this machine, a container that runs systemd and sshd.");
    say("The first time takes a few minutes. Ports are published on 127.0.0.1 only.");
    await remove();
    await prepare();
    return deploy();
  },
  again: deploy,
  change: async () => {
    const file = join(project, "mysite/__init__.py");
    requireState();
    const version = Number(/"(\d+)"/.exec(readFileSync(file, "utf8"))?.[1] ?? 0) + 1;
    step(`Commit version ${version} of the project`);
    writeFileSync(file, `__version__ = "${version}"\n`);
    await git("commit", "--quiet", "--all", "--message", `Version ${version}`);
    return deploy();
  },
  down: async () => {
    await remove();
    say("Removed the demo's host, network, key and files.");
    say(
      "The baked image and the tool cache stay in place for the next time; `node scripts/lab/cli.mjs clean` removes the images.",
    );
    return 0;
  },
};

/** Brings up what a deploy needs: engine, host, key, project. */
async function prepare() {
  step("Look for what the demo needs: a Docker engine, git, ssh, Python");
  await ensureCommands(["git", "ssh", "ssh-keygen"], say);
  await ensurePython(say);
  await ensureEngine(say);

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = await makeKey(folder);
  const kind = (await imageExists(await imageName("bookworm", "ready"))) ? "ready" : "base";
  step(`Bring up a Debian 12 host${kind === "base" ? ", bare: the deploy installs nginx and the rest" : ""}`);
  /** @type {State} */
  const state = {
    host: "app1",
    keyFile: key.file,
    sudoPassword: randomBytes(12).toString("hex"),
    secretKey: randomBytes(32).toString("hex"),
    runs: 0,
  };
  const host = await up(
    { test, name: state.host, suite: "bookworm", kind, authorizedKeys: [key.publicKey], password: state.sudoPassword },
    say,
  );
  say(
    `${host.name} is up: ssh on 127.0.0.1:${host.sshPort}, http on 127.0.0.1:${host.httpPort}; its user deploy has a sudo password.`,
  );

  step("Make a repository of examples/mysite");
  cpSync(join(projectFolder, "examples/mysite"), project, { recursive: true });
  await git("init", "--quiet", "--initial-branch", "main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "A guestbook");
  say(`${project}, commit ${(await git("rev-parse", "HEAD")).slice(0, 7)}`);
  saveState(state);
}

/** One run of the action, as a workflow's step would run it. Returns the exit code for the shell. */
async function deploy() {
  const state = requireState();
  if (!(await hostIsUp(state))) {
    throw new LabUnavailable("The demo's host does not run any more; `npm run demo` makes a new one.");
  }
  const host = await describe(test, state.host);
  state.runs += 1;
  saveState(state);
  const address = `http://localhost:${host.httpPort}/`;
  const node = node24();
  step(`Run the action (dist/main, then dist/post) with Node.js ${await must([node, "--version"])}`);
  // Ctrl-C reaches the action as well, which then cleans up; like the runner, the demo waits for that.
  const cancel = () => say("   Cancelling.");
  process.on("SIGINT", cancel);
  const result = await runAction({
    project,
    folder: join(folder, `run-${state.runs}`),
    toolCache: join(cacheFolder, "tool-cache"),
    node,
    say: (line) => say(`   ${line}`),
    inputs: {
      mode: "role",
      hosts: `${host.name} ${host.user}@${host.address}:${host.sshPort}`,
      "ssh-private-key": readFileSync(state.keyFile, "utf8"),
      "known-hosts": host.hostKeyLines.join("\n"),
      "become-password": state.sudoPassword,
      "app-name": "mysite",
      "server-name": "localhost",
      env: [
        "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
        `CSRF_TRUSTED_ORIGINS=${address.slice(0, -1)}`,
      ].join("\n"),
      vars: `django_settings_module: mysite.settings.production\nvault_secret_key: ${state.secretKey}\n`,
    },
  });

  process.removeListener("SIGINT", cancel);

  step(`Outputs (the run took ${result.seconds.toFixed(1)} s)`);
  for (const [name, value] of Object.entries(result.outputs)) say(`   ${name}: ${value}`);
  if (result.code !== 0 || result.postCode !== 0) {
    say(`\nThe deploy failed (main ${result.code}, post ${result.postCode}). The log above says why.`);
    return 1;
  }
  step("The page");
  const page = await fetchPage(host.httpPort);
  for (const line of page.body.split("\n").slice(0, 12)) say(`   ${line}`);
  say(`\nAddress:     ${address} (HTTP ${page.status})`);
  say(`Job summary: ${result.summaryFile}`);
  say("Next:        npm run demo -- again | change | down");
  return page.status === 200 ? 0 : 1;
}

/**
 * @param {number} port
 * @returns {Promise<{ status: number, body: string }>}
 */
function fetchPage(port) {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/", headers: { Host: `localhost:${port}` } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", reject);
  });
}

/** Removes the host and every file of the demo. */
async function remove() {
  if (await engineAnswers()) await down(test);
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string[]} args */
function git(...args) {
  const author = ["-c", "user.name=Demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgSign=false"];
  return must(["git", "-C", project, ...author, ...args]);
}

/** @returns {State} */
const loadState = () => JSON.parse(readFileSync(stateFile, "utf8"));

/** @param {State} state */
const saveState = (state) => writeFileSync(stateFile, JSON.stringify(state), { mode: 0o600 });

function requireState() {
  if (!existsSync(stateFile)) throw new LabUnavailable("There is no demo yet; `npm run demo` makes one.");
  return loadState();
}

/** @param {State} state */
const hostIsUp = async (state) => (await run(["docker", "exec", containerOf(test, state.host), "true"])).code === 0;

const name = process.argv[2] ?? "first";
if (!Object.hasOwn(commands, name)) {
  console.error("usage: npm run demo [-- again | change | down]");
  process.exit(2);
}
try {
  process.exitCode = await commands[/** @type {keyof typeof commands} */ (name)]();
} catch (error) {
  if (!(error instanceof LabUnavailable)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
