import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, projectFolder } from "../scripts/lab/index.mjs";

/** Where the application's repository is on a host. */
export const repository = "/srv/git/mysite.git";
export const serverName = "mysite.example";
export const accounts = {
  sudo: "sudo-of-the-bench",
  database: "database/of%the bench",
  secretKey: `${"k".repeat(30)}${"0123456789".repeat(3)}`,
  vault: "vault-of-the-bench",
};

/**
 * Makes the classic layout for some hosts: what both the tutorial role and the action read. There is an inventory for
 * each number of hosts.
 * @param {{ to: string, fleet: import("./fleet.mjs").Fleet, sizes: number[], vaultFile: string, ansible: string }} options
 */
export async function writeSettings({ to, fleet, sizes, vaultFile, ansible }) {
  const tutorial = join(projectFolder, "bench/tutorial");
  cpSync(join(tutorial, "group_vars"), join(to, "group_vars"), { recursive: true });
  mkdirSync(join(to, "inventory"));
  for (const size of sizes) writeFileSync(join(to, inventoryFile(size)), inventory(fleet.hosts.slice(0, size)));
  fill(join(to, "group_vars/all/vars.yml"), {
    APP_REPO: `file://${repository}`,
    DB_HOST: fleet.database.innerAddress,
  });
  const vault = join(to, "group_vars/all/vault.yml");
  fill(vault, {
    VAULT_DB_PASSWORD: JSON.stringify(accounts.database),
    VAULT_SECRET_KEY: JSON.stringify(accounts.secretKey),
  });
  await must([join(ansible, "ansible-vault"), "encrypt", "--vault-password-file", vaultFile, vault]);
}

export const inventoryFile = (/** @type {number} */ size) => `inventory/hosts-${size}.yml`;

/**
 * JSON is YAML.
 * @param {import("./fleet.mjs").Host[]} hosts
 */
function inventory(hosts) {
  const entries = hosts.map((host) => [host.name, { ansible_host: host.address, ansible_port: host.sshPort }]);
  const vars = { ansible_user: "deploy", ansible_python_interpreter: "/usr/bin/python3" };
  return `${JSON.stringify({ all: { hosts: Object.fromEntries(entries), vars } }, undefined, 2)}\n`;
}

/** @param {string} to */
export function addTutorialRole(to) {
  const tutorial = join(projectFolder, "bench/tutorial");
  for (const part of ["deploy.yml", "roles"]) cpSync(join(tutorial, part), join(to, part), { recursive: true });
}

/**
 * @param {string} file
 * @param {Record<string, string>} values
 */
function fill(file, values) {
  let text = readFileSync(file, "utf8");
  for (const [name, value] of Object.entries(values)) text = text.replace(name, () => value);
  writeFileSync(file, text);
}

/**
 * The application's repository, with a commit for each version.
 * @param {string} folder
 */
export async function makeApplication(folder) {
  const work = join(folder, "application");
  const bare = join(folder, "application.git");
  mkdirSync(work);
  const sources = join(projectFolder, "examples/mysite");
  cpSync(sources, work, { recursive: true });
  const author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgSign=false"];
  const git = (/** @type {string[]} */ ...args) => must(["git", "-C", work, ...author, ...args]);
  await git("init", "--quiet", "--initial-branch", "main");
  let version = 0;
  return {
    work,
    bare,
    commit: async () => (await git("rev-parse", "HEAD")).trim(),
    /** Commits what is in the folder as the next version, which the page then shows. */
    next: async () => {
      version += 1;
      writeFileSync(join(work, "mysite/__init__.py"), `__version__ = "${version}"\n`);
      await git("add", "--all");
      await git("commit", "--quiet", "--message", `Version ${version}`);
      rmSync(bare, { recursive: true, force: true });
      await must(["git", "clone", "--quiet", "--bare", work, bare]);
      return version;
    },
  };
}
