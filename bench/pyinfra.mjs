import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, projectFolder } from "../scripts/lab/index.mjs";
import { inOwnHome, knownHosts } from "./contenders.mjs";
import { accounts, repository } from "./project.mjs";
import { timed } from "./statistics.mjs";

const version = "3.10.0";

/**
 * pyinfra, which needs no Ansible: bench/pyinfra/deploy.py does what the tutorial role does, on the same hosts, under names of its own. It is
 * installed before anything is measured.
 * @param {import("./contenders.mjs").Shared} options
 * @returns {Promise<import("./contenders.mjs").Contender>}
 */
export async function pyinfra({ folder, fleet, key }) {
  const venv = join(folder, "pyinfra");
  await must(["python3", "-m", "venv", venv]);
  await must([join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", `pyinfra==${version}`]);
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
  const once = (/** @type {number} */ size) => {
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
    return must([join(venv, "bin", "pyinfra"), "-y", inventory, script], inOwnHome(folder));
  };
  return {
    hosts: fleet.hosts,
    serverName: site,
    deploy: async (size) => (await timed(() => once(size))).seconds,
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
