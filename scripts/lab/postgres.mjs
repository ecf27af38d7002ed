import { onHost } from "./hosts.mjs";

/**
 * Makes a `ready` host the database server of its test: a role that owns a database, reachable from the other hosts.
 * @param {import("./hosts.mjs").Host} host
 * @param {{ database: string, user: string, password: string }} account
 */
export async function servePostgres(host, { database, user, password }) {
  await onHost(
    host,
    `
cd /etc/postgresql/*/main
echo "listen_addresses = '*'" > conf.d/lab.conf
echo "host all all samenet scram-sha-256" >> pg_hba.conf
systemctl enable --quiet --now postgresql
su postgres -c 'psql -qX -v ON_ERROR_STOP=1' <<'SQL'
CREATE ROLE "${user}" LOGIN PASSWORD '${password.replaceAll("'", "''")}';
CREATE DATABASE "${database}" OWNER "${user}" ENCODING 'UTF8' TEMPLATE template0;
SQL
`,
  );
}
