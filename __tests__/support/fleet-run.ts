import type { DeployFacts, HostStats, ResultEvent, RunEvent } from "../../src/ansible/events.js";

/** What a made-up run of role mode is like. */
export interface FleetRun {
  readonly hosts: readonly string[];
  /** Results that each host has in a phase, besides those of the phase's own module. */
  readonly filler?: number;
  /** What goes otherwise on a host, by its name and the action's last word. */
  readonly change?: (host: string, action: string) => Partial<ResultEvent> | undefined;
}

const NEW = "20260304T050607Z-89abcde";
const OLD = "20260302T050607Z-0123456";
const PHASES: readonly (readonly [play: string, action: string, seconds: number, facts: DeployFacts])[] = [
  [
    "Reach hosts",
    "app_host",
    1.4,
    { app: "mysite", previous_release: OLD, previous_revision: "0123456789abcdef0123456789abcdef01234567" },
  ],
  [
    "Prepare",
    "app_release",
    14.2,
    {
      target_revision: "89abcdef0123456789abcdef0123456789abcdef",
      warnings: ["staticfiles.W004: the directory /srv/static in the STATICFILES_DIRS setting does not exist."],
    },
  ],
  ["Migrate", "app_migrate", 2.8, { migrations: ["guestbook.0002_entry_mood", "guestbook.0003_index"] }],
  ["Activate", "app_activate", 4.6, { release: NEW, previous_release: OLD, url: "https://www.example.com/" }],
  ["Finish", "app_finish", 1.9, {}],
];

/** The events of a run as the callback would write them. */
export function fleetRun({ hosts, filler = 0, change = () => undefined }: FleetRun): RunEvent[] {
  const events: RunEvent[] = [];
  const stats = new Map<string, Record<keyof HostStats, number>>();
  const stopped = new Set<string>();
  let clock = 1_772_600_000;
  for (const [play, action, seconds, facts] of PHASES) {
    events.push({ event: "play", name: play, hosts: hosts.length });
    for (let index = 0; index <= filler; index++) {
      const task = `${play}-${index}`;
      const own = index === filler;
      const name = `django_ansible.deploy.django_app : ${own ? `Run ${action}` : `Step ${index}`}`;
      events.push({ event: "task", id: task, name });
      hosts.forEach((host, position) => {
        if (stopped.has(host) || (action === "app_migrate" && own && position > 0)) return;
        const duration = own ? seconds * (1 + (position % 7) / 20) : 0.2;
        const result: ResultEvent = {
          ...{ event: "result", host, task, name, start: clock + (position % 5) * 0.1, duration },
          action: `django_ansible.deploy.${own ? action : "step"}`,
          path: `/w/_actions/deploy/roles/django_app/tasks/main.yml:${index + 1}`,
          status: own && action !== "app_host" ? "changed" : "ok",
          ...(own ? { deploy: facts } : {}),
          ...(own ? change(host, action) : {}),
        };
        events.push(result);
        count(stats, result);
        if (result.status === "failed" || result.status === "unreachable") stopped.add(host);
      });
      clock += own ? seconds * 1.4 : 0.3;
    }
    if (stopped.size > 0) break;
  }
  events.push({ event: "stats", hosts: Object.fromEntries(stats) });
  return events;
}

function count(stats: Map<string, Record<keyof HostStats, number>>, { host, status }: ResultEvent): void {
  const counts = stats.get(host) ?? {
    ...{ ok: 0, changed: 0, unreachable: 0, failures: 0, skipped: 0, rescued: 0, ignored: 0 },
  };
  stats.set(host, counts);
  if (status === "ok" || status === "changed") counts.ok++;
  if (status === "changed") counts.changed++;
  if (status === "failed") counts.failures++;
  if (status === "unreachable") counts.unreachable++;
}
