import type { RunEvent } from "../ansible/events.js";
import { coursesOf, furtherPhases } from "./phases.js";

/** When a run came to which point, milliseconds since the epoch. What it did not come to is missing. */
export interface Marks {
  readonly started: number;
  /** Inputs, project and vaults were looked at. */
  readonly looked?: number | undefined;
  /** Ansible is ready. */
  readonly ready?: number | undefined;
  /** Ansible was started, and ended. */
  readonly played?: number | undefined;
  readonly ended?: number | undefined;
  /** When this is told. */
  readonly now: number;
}

/** Where the time of a run went, in seconds. All but `total` and `switched` follow each other. */
export interface Timings {
  readonly total: number;
  /** Inputs, project and vaults. */
  readonly look?: number;
  /** Until Ansible is installed, or found in the tool cache. */
  readonly "ansible-ready"?: number;
  /** From there until its first phase. */
  readonly "ansible-start"?: number;
  /** By phase, all hosts together: from its first task until that of the next phase. */
  readonly phases?: Readonly<Record<string, number>>;
  /** From the last task until Ansible has ended. */
  readonly "ansible-end"?: number;
  /** From the start of the run until traffic had moved to the new release on the last host. */
  readonly switched?: number;
}

/** A playbook of the user's may have as many plays as it likes. */
const MOST_PHASES = 100;

export function timingsOf(marks: Marks, events: readonly RunEvent[]): Timings {
  const { started, looked, ready, played, ended, now } = marks;
  const { first, last, phases } = phasesOf(events);
  const switched = coursesOf(events).flatMap((course) => course.switched ?? []);
  return known({
    total: between(started, now),
    look: between(started, looked),
    "ansible-ready": between(looked, ready),
    "ansible-start": between(played === undefined ? undefined : ready, first ?? ended),
    phases: first === undefined ? undefined : phases,
    "ansible-end": between(last, ended),
    switched: switched.length === 0 ? undefined : between(started, Math.max(...switched)),
  });
}

function phasesOf(events: readonly RunEvent[]) {
  const plays = events.flatMap((event) =>
    event.event === "play" && event.time !== undefined ? [{ name: event.name, at: event.time * 1000 }] : [],
  );
  const begun = [...plays, ...begunInSteps(events)].toSorted((one, other) => one.at - other.at);
  const ends = events.flatMap((event) =>
    event.event === "result" && event.start !== undefined ? [(event.start + (event.duration ?? 0)) * 1000] : [],
  );
  const first = begun[0]?.at;
  const last = [...begun.map(({ at }) => at), ...ends].reduce<number | undefined>(
    (latest, at) => (latest === undefined || at > latest ? at : latest),
    undefined,
  );
  // In the order in which the run names them.
  const seconds = new Map(plays.slice(0, MOST_PHASES).map(({ name }) => [name, 0]));
  begun.slice(0, MOST_PHASES).forEach(({ name, at }, index) => {
    const took = between(at, begun[index + 1]?.at ?? last) ?? 0;
    seconds.set(name, rounded((seconds.get(name) ?? 0) + took));
  });
  return { first, last, phases: Object.fromEntries(seconds) };
}

/** When the first host came to a phase in the step of another one. */
function begunInSteps(events: readonly RunEvent[]): { name: string; at: number }[] {
  const first = new Map<string, number>();
  for (const event of events) {
    if (event.event !== "result" || event.start === undefined) continue;
    for (const { phase, start } of furtherPhases(event)) first.set(phase, Math.min(start, first.get(phase) ?? start));
  }
  return [...first].map(([name, at]) => ({ name, at }));
}

/** Seconds; undefined where one of the two is not known. A clock that was set back makes no time negative. */
function between(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : rounded(Math.max(0, to - from) / 1000);
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

function known(timings: { readonly [K in keyof Timings]: Timings[K] | undefined }): Timings {
  return Object.fromEntries(Object.entries(timings).filter(([, value]) => value !== undefined)) as unknown as Timings;
}
