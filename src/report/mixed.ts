import type { HostStatus } from "../ansible/events.js";
import { enumeration } from "./markdown.js";

type Hosts = Readonly<Record<string, HostStatus>>;

/**
 * Adds a problem to hosts on which another commit is live than on most: what a deploy leaves behind whose runner died while
 * it confirmed, or that went on without them. While one is under way, that is as it should be.
 */
export function withMixed(hosts: Hosts): Hosts {
  const live = new Map<string, string[]>();
  for (const [host, { revision, release, lock }] of Object.entries(hosts)) {
    // In its words; a lock that somebody has put on the application is another matter.
    if (lock?.startsWith("run ")) return hosts;
    const name = revision?.slice(0, 7) ?? release;
    if (name !== null) live.set(name, [...(live.get(name) ?? []), host]);
  }
  const [most, ...others] = [...live].sort(([, one], [, other]) => other.length - one.length);
  if (most === undefined) return hosts;
  const [usual, those] = most;
  const problems = others.flatMap(([name, here]) =>
    here.map((host): [string, string] => [
      host,
      `${name} is live here, and ${usual} on ${enumeration(those)}: run a deploy, which brings all hosts to one release`,
    ]),
  );
  const mixed = problems.map(([host, problem]): [string, HostStatus | undefined] => {
    const status = hosts[host];
    return [host, status && { ...status, problems: [...(status.problems ?? []), problem] }];
  });
  return { ...hosts, ...(Object.fromEntries(mixed) as Hosts) };
}
