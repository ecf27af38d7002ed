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

/**
 * Lets other `engine` hosts of the same test reach that registry under the same address, by a proxy on their own loopback.
 * @param {import("./hosts.mjs").Host} host
 * @param {import("./hosts.mjs").Host[]} others
 */
export async function shareRegistry(host, others) {
  await onHost(
    host,
    "sed -i 's/addr: .*:5000/addr: :5000/' /etc/docker/registry/config.yml; systemctl restart docker-registry",
  );
  for (const other of others) {
    await onHost(
      other,
      `
printf '[Socket]\\nListenStream=${registryAddress}\\n[Install]\\nWantedBy=sockets.target\\n' > /etc/systemd/system/registry.socket
printf '[Service]\\nExecStart=/usr/lib/systemd/systemd-socket-proxyd ${host.innerAddress}:5000\\n' > /etc/systemd/system/registry.service
systemctl daemon-reload
systemctl enable --quiet --now registry.socket
`,
    );
  }
}
