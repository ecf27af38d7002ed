import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, projectFolder, runAction } from "../scripts/lab/index.mjs";
import { accounts, addTutorialRole, inventoryFile, repository, serverName, writeSettings } from "./project.mjs";
import { timed } from "./statistics.mjs";

/**
 * One way to deploy. `deploy` returns the seconds of the whole run; `remote` counts what a run asks of one host.
 * @typedef {import("./fleet.mjs").Host} Host
 * @typedef {{ hosts: Host[], serverName: string,
 *   deploy: (size: number, inputs?: Record<string, string>) => Promise<number> }} Contender
 * @typedef {Contender & { remote: () => Promise<import("./deploys.mjs").Remote> }} AnsibleContender
 * @typedef {{ folder: string, fleet: import("./fleet.mjs").Fleet, key: { file: string, text: string },
 *   ansible: import("./ready.mjs").Ansible }} Shared
 */

/**
 * This action: main and post, with the files and the environment of a runner, from a full tool cache.
 * `at` is the action's folder, this project's where nothing else is said.
 * @param {Shared & { project: string, toolCache: string, at?: string, onStart?: (child: import("node:child_process").ChildProcess) => void }} options
 * @returns {Promise<AnsibleContender & { operate: (operation: string, size: number, inputs: Record<string, string>) => Promise<number> }>}
 */
export async function action({ folder, fleet, key, project, toolCache, at, onStart }) {
  const once = async (/** @type {number} */ size, /** @type {Record<string, string>} */ more = {}) => {
    const result = await runAction({
      ...(at === undefined ? {} : { action: at }),
      ...(onStart === undefined ? {} : { onStart }),
      project,
      folder: mkdtempSync(join(folder, "action-")),
      toolCache,
      inputs: {
        "inventory-file": inventoryFile(size),
        "ssh-private-key": key.text,
        "known-hosts": knownHosts(fleet.hosts.slice(0, size)),
        "become-password": accounts.sudo,
        "vault-password": accounts.vault,
        ...more,
      },
    });
    if (result.code !== 0 || result.postCode !== 0) throw new Error(`The action failed:\n${result.log}`);
    return result;
  };
  return {
    hosts: fleet.hosts,
    serverName,
    deploy: async (size, more) => (await timed(() => once(size, more))).seconds,
    operate: async (operation, size, more) => (await timed(() => once(size, { operation, ...more }))).seconds,
    remote: async () => count((await once(1, { "extra-args": "-vvv" })).log),
  };
}

/**
 * The tutorial role as `dawidd6/action-ansible-playbook` starts it, by its documentation: key, vault password and known hosts are files in the
 * workspace, and `ansible-playbook` runs beside them, without an ansible.cfg and with new connections. `deployBy` uses another Ansible.
 * @param {Shared & { settings: { vaultFile: string, ansible: string, sizes: number[] } }} options
 * @returns {Promise<AnsibleContender & { deployBy: (bin: string, size: number) => Promise<number> }>}
 */
export async function tutorial({ folder, fleet, key, ansible, settings }) {
  const project = join(folder, "tutorial");
  mkdirSync(project);
  await writeSettings({ ...settings, to: project, fleet });
  addTutorialRole(project);
  /** @type {(name: string, text: string) => void} */
  const write = (name, text) => writeFileSync(join(project, name), text, { mode: 0o600 });
  const once = (/** @type {string} */ bin, /** @type {number} */ size, /** @type {string[]} */ ...more) => {
    write(".key", key.text);
    write(".vault-password", accounts.vault);
    write(".known-hosts", knownHosts(fleet.hosts));
    // A step before it writes this one, which the action has no input for.
    write(".become-password", accounts.sudo);
    const argv = [
      join(bin, "ansible-playbook"),
      ...["deploy.yml", "--inventory", inventoryFile(size)],
      ...["--key-file", ".key", "--ssh-common-args", "-o UserKnownHostsFile=.known-hosts"],
      ...["--become-password-file", ".become-password", "--vault-password-file", ".vault-password", ...more],
    ];
    return must(argv, { ...inOwnHome(folder), cwd: project });
  };
  const deployBy = async (/** @type {string} */ bin, /** @type {number} */ size) =>
    (await timed(() => once(bin, size))).seconds;
  return {
    hosts: fleet.hosts,
    serverName,
    deployBy,
    deploy: (size) => deployBy(ansible.bin, size),
    remote: async () => count(await once(ansible.bin, 1, "-vvv")),
  };
}

/**
 * The lower bound: the same end by one script over one ssh a host, all hosts at once. It deploys beside the tutorial
 * role, on the same hosts, under names of its own.
 * @param {Shared} options
 * @returns {Contender}
 */
export function shell({ folder, fleet, key }) {
  const hostKeys = join(folder, "known-hosts-shell");
  writeFileSync(hostKeys, knownHosts(fleet.hosts));
  const name = "bound";
  const site = `${name}.example`;
  const database = `postgres://mysite:${encodeURIComponent(accounts.database)}@${fleet.database.innerAddress}/mysite`;
  const variables = {
    APP_NAME: name,
    APP_REPO: `file://${repository}`,
    APP_BRANCH: "main",
    APP_DIR: `/opt/${name}`,
    VENV_DIR: `/opt/${name}/venv`,
    APP_USER: name,
    APP_GROUP: name,
    APP_WSGI: "mysite.wsgi:application",
    GUNICORN_WORKERS: "3",
    SERVER_NAME: site,
    ENVIRONMENT: [
      "DJANGO_SETTINGS_MODULE='mysite.settings.production'",
      `SECRET_KEY='${accounts.secretKey}'`,
      `ALLOWED_HOSTS='${site}'`,
      `DATABASE_URL='${database}'`,
      `STATIC_ROOT='/opt/${name}/static'`,
      `MEDIA_ROOT='/opt/${name}/media'`,
    ].join("\n"),
  };
  const lines = Object.entries(variables).map(([key, value]) => `${key}='${value.replaceAll("'", "'\\''")}'`);
  const script = [...lines, readFileSync(join(projectFolder, "bench/lower-bound.sh"), "utf8")].join("\n");
  const once = (/** @type {Host} */ host) =>
    must([...sshTo(host, key, hostKeys), "sudo -k -S -p '' sh"], { input: `${accounts.sudo}\n${script}` });
  return {
    hosts: fleet.hosts,
    serverName: site,
    deploy: async (size) => (await timed(() => Promise.all(fleet.hosts.slice(0, size).map(once)))).seconds,
  };
}

/**
 * Plain ssh to a host; a command follows.
 * @param {Host} host
 * @param {{ file: string }} key
 * @param {string} hostKeys
 */
export const sshTo = (host, key, hostKeys) => [
  ...["ssh", "-i", key.file, "-o", "IdentitiesOnly=yes", "-o", `UserKnownHostsFile=${hostKeys}`],
  ...["-o", "BatchMode=yes", "-p", String(host.sshPort), `${host.user}@${host.address}`],
];

/** @param {Host[]} hosts */
export const knownHosts = (hosts) => `${hosts.flatMap((host) => host.hostKeyLines).join("\n")}\n`;

/**
 * How Ansible is started without the action. A home of its own is a job on a new runner: no settings, no connection left from the run before.
 * @param {string} folder
 */
export const inOwnHome = (folder) => ({
  cwd: folder,
  env: { ...withoutAnsible(process.env), HOME: mkdtempSync(join(folder, "h")) },
});

/** @param {NodeJS.ProcessEnv} env */
export const withoutAnsible = (env) =>
  // Python's bytecode is kept, as it is where nothing forbids it.
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith("ANSIBLE_") && name !== "PYTHONDONTWRITEBYTECODE"),
  );

/**
 * Counts from what Ansible tells at -vvv on one host: a line for each module that is started there, whatever task asked
 * for it (a template is two or three), and a line for each ssh or sftp command.
 * @param {string} log
 */
function count(log) {
  const lines = log.split("\n");
  return {
    modules: lines.filter((line) => line.includes("Using module file ")).length,
    requests: lines.filter((line) => / SSH: EXEC (ssh|sftp|scp) /.test(line)).length,
  };
}
