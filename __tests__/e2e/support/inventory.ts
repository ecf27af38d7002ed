import type { Host } from "../../../scripts/lab/index.mjs";

const fromOutside = (host: Host): object => ({ ansible_host: host.address, ansible_port: host.sshPort });

/** An inventory as a user has it in the repository. JSON is YAML. */
export function inventory(hosts: Host[], more: object = {}): string {
  const vars = { ansible_user: "deploy", ansible_python_interpreter: "/usr/bin/python3", ...more };
  return JSON.stringify(
    { all: { hosts: Object.fromEntries(hosts.map((host) => [host.name, fromOutside(host)])), vars } },
    null,
    2,
  );
}

/** Hosts in groups, which reach each other inside, where the runner reaches them from outside. */
export function groupedInventory(groups: Record<string, Host[]>, more: object = {}): string {
  const entry = (host: Host): object => ({ ...fromOutside(host), django_app_address: host.innerName });
  const children = Object.entries(groups).map(([name, hosts]) => [
    name,
    { hosts: Object.fromEntries(hosts.map((host) => [host.name, entry(host)])) },
  ]);
  return JSON.stringify({ all: { children: Object.fromEntries(children), vars: { ansible_user: "deploy", ...more } } });
}

export const knownHosts = (hosts: Host[]): string => hosts.flatMap((host) => host.hostKeyLines).join("\n");
