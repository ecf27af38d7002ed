import { onHost } from "./hosts.mjs";

/** Where the registry of an `engine` host answers, seen from that host. */
export const registryAddress = "127.0.0.1:5000";

/**
 * Starts the registry of an `engine` host, on its loopback and with a login.
 * @param {import("./hosts.mjs").Host} host
 * @param {{ username: string, password: string }} login
 */
export async function serveRegistry(host, { username, password }) {
  await onHost(
    host,
    `
htpasswd -iBc /etc/docker/registry/htpasswd '${username}' <<'PASSWORD'
${password}
PASSWORD
chmod 0644 /etc/docker/registry/htpasswd
systemctl enable --quiet --now docker-registry
`,
  );
}
