import type { Host } from "../inventory/hosts.js";
import { parseHosts } from "../inventory/hosts.js";

/** Alias of a hop in the ssh_config file; no host of an inventory is called so. */
const alias = (index: number): string => `django-ansible-deploy-jump-${index + 1}`;

/**
 * The chain of bastions as ssh_config lines, for the top of a file. Each hop is reached through the one before it, with the
 * keys and host keys of the `Host *` that follows.
 *
 * @param text the input `jump-host`, a line each: `[user@]address[:port]`.
 * @throws DeployError with the line.
 */
export function jumpHosts(text: string): string[] {
  if (text.trim() === "") return [];
  const hops = parseHosts(text, "jump-host");
  const lines = hops.flatMap((hop, index) => [
    `Host ${alias(index)}`,
    ...hopLines(hop),
    index === 0 ? "  ProxyJump none" : `  ProxyJump ${alias(index - 1)}`,
  ]);
  return [...lines, "Host *", `  ProxyJump ${alias(hops.length - 1)}`];
}

/** The aliases of the bastions by the names under which known_hosts has their keys. */
export function jumpAliases(text: string): Map<string, string> {
  if (text.trim() === "") return new Map();
  return new Map(
    parseHosts(text, "jump-host").map(({ address, port }, index) => [
      port === undefined || port === 22 ? address : `[${address}]:${port}`,
      alias(index),
    ]),
  );
}

function hopLines({ address, user, port }: Host): string[] {
  return [
    `  HostName ${address}`,
    ...(user === undefined ? [] : [`  User ${user}`]),
    ...(port === undefined ? [] : [`  Port ${port}`]),
  ];
}
