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
    const span = extend(course.spans, phase, event);
    if (switches(event)) course.switched = span.end;
    if (back) course.returned = span.end;
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

function extend(spans: OpenSpan[], phase: string, event: ResultEvent): OpenSpan {
  const start = Math.round((event.start ?? 0) * 1000);
  const end = Math.round(((event.start ?? 0) + (event.duration ?? 0)) * 1000);
  let span = spans.at(-1);
  if (span?.phase !== phase) {
    span = { phase, start, end, failed: false };
    spans.push(span);
  }
  span.end = Math.max(span.end, end);
  span.failed ||= (event.status === "failed" || event.status === "unreachable") && !event.ignored && !event.rescued;
  return span;
}

/** The role of a task, by its name. The bundled ones are no phase: what has phases of theirs has them as plays. */
function roleOf(name: string): string | undefined {
  const [role = "", ...task] = name.split(" : ");
  if (task.length === 0) return undefined;
  return role.startsWith("django_ansible.deploy.") ? "" : role;
}
