import type { Host } from "../../../scripts/lab/index.mjs";

/** An inventory as a user has it in the repository. JSON is YAML. */
export function inventory(hosts: Host[]): string {
  const entries = hosts.map((host) => [host.name, { ansible_host: host.address, ansible_port: host.sshPort }]);
  const vars = { ansible_user: "deploy", ansible_python_interpreter: "/usr/bin/python3" };
  return JSON.stringify({ all: { hosts: Object.fromEntries(entries), vars } }, null, 2);
}

export const knownHosts = (hosts: Host[]): string => hosts.flatMap((host) => host.hostKeyLines).join("\n");
