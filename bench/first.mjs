import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { copyToHost, down, makeKey, onHost, projectFolder, runAction, up } from "../scripts/lab/index.mjs";
import { test } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { makeApplication, serverName } from "./project.mjs";
import { summarize, timed } from "./statistics.mjs";

/**
 * `apt` is apt alone, `downloads` is that and what pip downloads, `deploy` the whole action.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ apt: Times, downloads: Times, deploy: Times }} First
 */

/** Debian packages of the role, read where it has them. */
const packages = () => {
  const defaults = readFileSync(
    join(projectFolder, "ansible_collections/django_ansible/deploy/roles/django_app/defaults/main.yml"),
    "utf8",
  );
  const list = /^django_app_packages:\n((?: {2}- .*\n)+)/m.exec(defaults)?.[1] ?? "";
  const names = [...list.matchAll(/- (\S+)/g)].map(([, name]) => name);
  if (names.length === 0) throw new Error("The role's defaults have no django_app_packages.");
  return names.join(" ");
};

/**
 * Times the first deploy of the example onto a bare host, beside what apt takes for the same packages and pip for
 * downloading the same requirements on a bare host like it. Each time on new hosts.
 * @param {{ folder: string, toolCache: string, runs: number, keep: boolean, say: (line: string) => void }} options
 * @returns {Promise<First>}
 */
export async function measureFirst({ folder: shared, toolCache, runs, keep, say }) {
  const folder = mkdtempSync(join(shared, "first-"));
  const key = await makeKey(folder);
  const application = await makeApplication(folder);
  const version = await application.next();
  const seen = { apt: /** @type {number[]} */ ([]), downloads: /** @type {number[]} */ ([]), deploy: /** @type {number[]} */ ([]) };
  try {
    for (let count = 1; count <= runs; count++) {
      await down(test);
      const bare = (/** @type {string} */ name) =>
        up({ test, name, suite: "bookworm", kind: "base", authorizedKeys: [key.publicKey] }, say);
      const plain = await bare("plain");
      const ours = await bare("ours");
      await copyToHost(plain, join(application.work, "requirements.txt"), "/root/requirements.txt");
      const apt = await timed(() =>
        onHost(
          plain,
          `export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq --yes --no-install-recommends install ${packages()} >/dev/null 2>&1`,
        ),
      );
      const pip = await timed(() =>
        onHost(plain, "/usr/bin/python3 -m pip --quiet download --dest /root/wheels --requirement /root/requirements.txt 2>&1"),
      );
      const deploy = await timed(() => deployed(ours));
      seen.apt.push(apt.seconds);
      seen.downloads.push(apt.seconds + pip.seconds);
      seen.deploy.push(deploy.seconds);
      say(`first ${count}/${runs}: ${Object.entries(seen).map(([name, seconds]) => `${name} ${seconds.at(-1)?.toFixed(1)} s`).join(", ")}`);
    }
  } finally {
    if (!keep) await down(test);
  }
  return { apt: summarize(seen.apt), downloads: summarize(seen.downloads), deploy: summarize(seen.deploy) };

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
