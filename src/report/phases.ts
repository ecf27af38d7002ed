import type { ResultEvent, RunEvent } from "../ansible/events.js";

/** From when to when a host was in a phase. Times are milliseconds since the epoch. */
export interface Span {
  readonly phase: string;
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
}

/** What one host went through. */
export interface Course {
  readonly host: string;
  readonly spans: readonly Span[];
  /** When requests went to what was deployed; undefined where nothing was switched. */
  readonly switched: number | undefined;
  /** When they went back to the release before; undefined where none was rolled back. */
  readonly returned: number | undefined;
}

interface OpenSpan {
  phase: string;
  start: number;
  end: number;
  failed: boolean;
}

/** The phases of a run by host: its plays, or in a run of one play the roles. */
export function coursesOf(events: readonly RunEvent[]): Course[] {
  const byRole = events.filter(({ event }) => event === "play").length < 2;
  const courses = new Map<string, { spans: OpenSpan[]; switched: number | undefined; returned: number | undefined }>();
  let play = "";
  for (const event of events) {
    if (event.event === "play") play = event.name;
    if (event.event !== "result" || event.start === undefined || event.status === "skipped") continue;
    const course = courses.get(event.host) ?? { spans: [], switched: undefined, returned: undefined };
    courses.set(event.host, course);
    const back = event.deploy?.rolled_back === true;
    const phase = back ? "Rollback" : byRole ? (roleOf(event.name) ?? play) : play;
    const further = byRole || back ? [] : furtherPhases(event);
    const failed = isFailure(event);
    const end = endOf(event);
    const own = { phase, start: startOf(event), end: further[0]?.start ?? end, failed: failed && further.length === 0 };
    for (const part of [own, ...further]) extend(course.spans, part);
    const span = further.find((part) => part.phase === "Activate") ?? course.spans.at(-1);
    if (switches(event)) course.switched = span?.end;
    if (back) course.returned = span?.end;
  }
  return [...courses].map(([host, course]) => ({ host, ...course }));
}

/** Names of the phases, all hosts together. */
export function phasesOf(courses: readonly Course[]): ReadonlySet<string> {
  return new Set(courses.flatMap(({ spans }) => spans.map(({ phase }) => phase)));
}

/** The phase in which the run failed; "" when none did, or it had no phases. */
export function failedPhase(courses: readonly Course[]): string {
  const failed = courses.flatMap(({ spans }) => spans.filter((span) => span.failed));
  return failed.toSorted((one, other) => one.end - other.end)[0]?.phase ?? "";
}

/** Whether a result is the switch of a host to what was deployed. */
export function switches(event: ResultEvent): boolean {
  return event.status === "changed" && activates(event);
}

/**
 * Whether a result is of a step that moves a host's traffic, however it ended. In a rollback the look at a host goes on to do so, and in a deploy what
 * prepares a release: then it says what is served.
 */
export function activates({ action, deploy, status }: ResultEvent): boolean {
  if (action.endsWith(".app_release")) return deploy?.release !== undefined || status === "unreachable";
  return /\.(app_host|app_activate|compose_reach|compose_up)$/.test(action);
}

/** The phases that a step went on to after its own, as its host says; where one failed, it was in the last. */
export function furtherPhases(event: ResultEvent): readonly Span[] {
  let end = endOf(event);
  let failed = isFailure(event);
  const parts = Object.entries(event.deploy?.phases ?? {}).toReversed();
  return parts
    .map(([phase, took]) => {
      const part = { phase, start: Math.max(startOf(event), end - Math.max(0, took)), end, failed };
      end = part.start;
      failed = false;
      return part;
    })
    .toReversed();
}

function extend(spans: OpenSpan[], part: Span): void {
  const last = spans.at(-1);
  if (last?.phase !== part.phase) {
    spans.push({ ...part });
    return;
  }
  last.end = Math.max(last.end, part.end);
  last.failed ||= part.failed;
}

const startOf = ({ start = 0 }: ResultEvent): number => Math.round(start * 1000);
const endOf = ({ start = 0, duration = 0 }: ResultEvent): number => Math.round((start + duration) * 1000);

const isFailure = ({ status, ignored, rescued }: ResultEvent): boolean =>
  (status === "failed" || status === "unreachable") && !ignored && !rescued;

/** The role of a task, by its name. The bundled ones are no phase: what has phases of theirs has them as plays. */
function roleOf(name: string): string | undefined {
  const [role = "", ...task] = name.split(" : ");
  if (task.length === 0) return undefined;
  return role.startsWith("django_ansible.deploy.") ? "" : role;
}
