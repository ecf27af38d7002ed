import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { copyToHost, down, makeKey, onHost, projectFolder, runAction, up } from "../scripts/lab/index.mjs";
import { test } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { makeApplication, serverName } from "./project.mjs";
import { summarize, timed } from "./statistics.mjs";

/**
 * `usual` and `own` are apt and `pip download` alone, with the tutorial role's packages and with the action's; `deploy` the whole action.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ usual: Times, own: Times, deploy: Times }} First
 */

/**
 * Debian packages of a role, read where it has them.
 * @param {string} file
 * @param {RegExp} list
 */
function packages(file, list) {
  const lines = list.exec(readFileSync(join(projectFolder, file), "utf8"))?.[1] ?? "";
  const names = [...lines.matchAll(/- (\S+)/g)].map(([, name]) => name);
  if (names.length === 0) throw new Error(`${file} has no packages where they were.`);
  return names.join(" ");
}

const usualPackages = packages(
  "bench/tutorial/roles/django_app/tasks/main.yml",
  /ansible\.builtin\.apt:\n {4}name:\n((?: {6}- .*\n)+)/,
);
const ownPackages = packages(
  "ansible_collections/django_ansible/deploy/roles/django_app/defaults/main.yml",
  /^django_app_packages:\n((?: {2}- .*\n)+)/m,
);

/**
 * Times the first deploy of the example onto a bare host, beside what apt takes for packages and pip for downloading the
 * same requirements on bare hosts like it. Each time on new hosts.
 * @param {{ folder: string, toolCache: string, runs: number, keep: boolean, say: (line: string) => void }} options
 * @returns {Promise<First>}
 */
export async function measureFirst({ folder: shared, toolCache, runs, keep, say }) {
  const folder = mkdtempSync(join(shared, "first-"));
  const key = await makeKey(folder);
  const application = await makeApplication(folder);
  const version = await application.next();
  const seen = {
    usual: /** @type {number[]} */ ([]),
    own: /** @type {number[]} */ ([]),
    deploy: /** @type {number[]} */ ([]),
  };
  try {
    for (let count = 1; count <= runs; count++) {
      await down(test);
      const bare = (/** @type {string} */ name) =>
        up({ test, name, suite: "bookworm", kind: "base", authorizedKeys: [key.publicKey] }, say);
      const usual = await bare("usual");
      const own = await bare("own");
      const ours = await bare("ours");
      for (const host of [usual, own])
        await copyToHost(host, join(application.work, "requirements.txt"), "/root/requirements.txt");
      seen.usual.push((await timed(() => onHost(usual, downloads(usualPackages)))).seconds);
      seen.own.push((await timed(() => onHost(own, downloads(ownPackages)))).seconds);
      seen.deploy.push((await timed(() => deployed(ours))).seconds);
      say(
        `first ${count}/${runs}: ${Object.entries(seen)
          .map(([name, seconds]) => `${name} ${seconds.at(-1)?.toFixed(1)} s`)
          .join(", ")}`,
      );
    }
  } finally {
    if (!keep) await down(test);
  }
  return { usual: summarize(seen.usual), own: summarize(seen.own), deploy: summarize(seen.deploy) };

  /** @param {import("./fleet.mjs").Host} host */
  async function deployed(host) {
    const result = await runAction({
      project: application.work,
      folder: mkdtempSync(join(folder, "action-")),
      toolCache,
      inputs: {
        hosts: `deploy@${host.address}:${host.sshPort}`,
        "ssh-private-key": key.text,
        "known-hosts": host.hostKeyLines.join("\n"),
        "server-name": serverName,
        env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
        vars: "app_name: mysite",
      },
    });
    if (result.code !== 0 || result.postCode !== 0) throw new Error(`The action failed:\n${result.log}`);
    await expectVersion(host.httpPort, serverName, version);
  }
}

/** @param {string} packages */
const downloads = (packages) => `export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq --yes --no-install-recommends install ${packages} >/dev/null 2>&1
/usr/bin/python3 -m pip --quiet download --dest /root/wheels --requirement /root/requirements.txt 2>&1`;
