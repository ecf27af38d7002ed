import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, projectFolder } from "../scripts/lab/index.mjs";
import { inOwnHome, knownHosts } from "./contenders.mjs";
import { accounts, repository } from "./project.mjs";
import { installByPip } from "./ready.mjs";
import { timed } from "./statistics.mjs";

/** What pip installs. */
export const pyinfraPackage = "pyinfra==3.10.0";

/**
 * pyinfra, which needs no Ansible: bench/pyinfra/deploy.py does what the tutorial role does, on the same hosts, under names of its own. It is
 * installed before anything is measured; `deployBy` uses another one.
 * @param {import("./contenders.mjs").Shared} options
 * @returns {Promise<import("./contenders.mjs").Contender & { deployBy: (bin: string, size: number) => Promise<number> }>}
 */
export async function pyinfra({ folder, fleet, key }) {
  const { bin: installed } = await installByPip(folder, pyinfraPackage);
  const hostKeys = join(folder, "known-hosts-pyinfra");
  writeFileSync(hostKeys, knownHosts(fleet.hosts));
  const site = "infra.example";
  const data = dataOf(site, fleet.database.innerAddress);
  const login = {
    ssh_user: "deploy",
    ssh_key: key.file,
    ssh_known_hosts_file: hostKeys,
    ssh_strict_host_key_checking: "yes",
    _sudo: true,
    _sudo_password: accounts.sudo,
  };
  const once = (/** @type {string} */ bin, /** @type {number} */ size) => {
    const hosts = fleet.hosts
      .slice(0, size)
      .map((host) => [host.name, { ...login, ...data, ssh_hostname: host.address, ssh_port: host.sshPort }]);
    const inventory = join(folder, `pyinfra-${size}.py`);
    writeFileSync(
      inventory,
      `import json\n\nhosts = [tuple(host) for host in json.loads(${JSON.stringify(JSON.stringify(hosts))})]\n`,
      {
        mode: 0o600,
      },
    );
    const script = join(projectFolder, "bench/pyinfra/deploy.py");
    return must([join(bin, "pyinfra"), "-y", inventory, script], inOwnHome(folder));
  };
  const deployBy = async (/** @type {string} */ bin, /** @type {number} */ size) =>
    (await timed(() => once(bin, size))).seconds;
  return {
    hosts: fleet.hosts,
    serverName: site,
    deployBy,
    deploy: (size) => deployBy(installed, size),
  };
}

/** @param {string} site @param {string} database */
function dataOf(site, database) {
  const name = "infra";
  /** @type {Record<string, string>} */
  const values = {
    app_name: name,
    app_dir: `/opt/${name}`,
    app_user: name,
    app_group: name,
    venv_dir: `/opt/${name}/venv`,
    gunicorn_bind: `unix:/run/${name}/gunicorn.sock`,
    gunicorn_workers: "3",
    server_name: site,
    app_repo: `file://${repository}`,
    app_branch: "main",
  };
  /** The tutorial's own, filled in. The application's package is not called as it is. */
  const filled = (/** @type {string} */ template) =>
    readFileSync(join(projectFolder, "bench/tutorial/roles/django_app/templates", template), "utf8")
      .replace("{{ app_name }}.wsgi", "mysite.wsgi")
      .replaceAll("gunicorn.socket", `${name}.socket`)
      .replace("{{ gunicorn_bind | replace('unix:', '') }}", `/run/${name}/gunicorn.sock`)
      .replaceAll(/\{\{ (\w+) \}\}/g, (_, key) => values[key] ?? "");
  return {
    ...values,
    socket_unit: filled("gunicorn.socket.j2"),
    service_unit: filled("gunicorn.service.j2"),
    nginx_site: filled("nginx.conf.j2"),
    environment: [
      "DJANGO_SETTINGS_MODULE='mysite.settings.production'",
      `SECRET_KEY='${accounts.secretKey}'`,
      `ALLOWED_HOSTS='${site}'`,
      `DATABASE_URL='postgres://mysite:${encodeURIComponent(accounts.database)}@${database}/mysite'`,
      `STATIC_ROOT='/opt/${name}/static'`,
      `MEDIA_ROOT='/opt/${name}/media'`,
      "",
    ].join("\n"),
  };
}
