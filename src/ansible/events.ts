import { ending, flag, list, mapping, number, object, orNull, type Shape, text, word } from "./shapes.js";

/** A line of the file that the events callback writes. Unknown keys are ignored. */
export type RunEvent = PlayEvent | TaskEvent | ResultEvent | StatsEvent;

export interface PlayEvent {
  readonly event: "play";
  readonly name: string;
  /** How many hosts its pattern selects. */
  readonly hosts?: number;
  /** Seconds since the epoch, by the runner's clock. */
  readonly time?: number;
}

export interface TaskEvent {
  readonly event: "task";
  readonly id: string;
  readonly name: string;
  /** Seconds since the epoch, by the runner's clock. */
  readonly time?: number;
}

/** How a task ended on a host. */
export interface ResultEvent {
  readonly event: "result";
  readonly host: string;
  readonly task: string;
  readonly name: string;
  readonly action: string;
  /** `file:line`. */
  readonly path?: string;
  readonly status: "ok" | "changed" | "failed" | "unreachable" | "skipped";
  readonly ignored?: boolean;
  readonly rescued?: boolean;
  /** Of a failure: whether something was changed before it, and stays. */
  readonly changed?: boolean;
  readonly no_log?: boolean;
  readonly msg?: string;
  readonly stderr?: string;
  readonly stdout?: string;
  readonly rc?: number;
  /** Seconds since the epoch, by the runner's clock. */
  readonly start?: number;
  /** Seconds. */
  readonly duration?: number;
  /** What changed, as unified diffs; only under `--diff`. */
  readonly diff?: string;
  readonly warnings?: readonly string[];
  readonly deploy?: DeployFacts;
}

/** What modules of the collection report of a deploy. Every key is optional. */
export interface DeployFacts {
  /** Name of the application. */
  readonly app?: string;
  readonly release?: string;
  readonly previous_release?: string;
  readonly revision?: string;
  readonly previous_revision?: string;
  /** What the run is to make serve. */
  readonly target_revision?: string;
  /** System packages that the host lacks. */
  readonly packages?: readonly string[];
  /** Lines that the requirements gain and lose, `+django==5.2.1`; only in a prediction. */
  readonly requirements?: readonly string[];
  /** What a prediction cannot tell, and why. */
  readonly unknown?: readonly string[];
  readonly url?: string;
  readonly migrations?: readonly string[];
  /** Migrations that this run had applied and that are no longer. */
  readonly taken_back?: readonly string[];
  /** Id of the dump that was made or restored. */
  readonly dump?: string;
  readonly warnings?: readonly string[];
  readonly images?: Readonly<Record<string, string>>;
  /** A failed activation: the host serves what it served before. */
  readonly kept?: boolean;
  /** The host had switched and serves again what it served before. */
  readonly rolled_back?: boolean;
  /** What `operation: status` found on the host. */
  readonly status?: HostStatus;
  readonly previous_images?: Readonly<Record<string, string>>;
  /** Milliseconds of each phase that this step came to after its own, in their order and up to its end. */
  readonly phases?: Readonly<Record<string, number>>;
}

/** What an application is on a host. */
export interface HostStatus {
  readonly release: string | null;
  readonly revision: string | null;
  /** UTC, ISO 8601. */
  readonly since: string | null;
  readonly slot: string | null;
  /** Container mode: each container of the project. */
  readonly services?: readonly ServiceStatus[];
  /** systemd's ActiveState by unit. */
  readonly units: Readonly<Record<string, string>>;
  readonly free_mib: number;
  /** Who deploys now, in words. */
  readonly lock: string | null;
  /** Oldest first. */
  readonly releases: readonly string[];
  /** `healthy`, or what is wrong; null on a host that serves no requests. */
  readonly health?: string | null;
  /** By unit. */
  readonly restarts?: Readonly<Record<string, number>>;
  readonly memory_mib?: Readonly<Record<string, number>>;
  readonly certificate_days?: number | null;
  /** UTC, ISO 8601. */
  readonly last_dump?: string | null;
  readonly dump_bytes?: number;
  /** When a dump was last found to be restorable, UTC, ISO 8601, and the seconds that it took. */
  readonly last_rehearsal?: string | null;
  readonly restores_in?: number | null;
  /** Since when and by whom. */
  readonly maintenance?: string | null;
  /** Last run and how it ended, by timer. */
  readonly timers?: Readonly<Record<string, string>>;
  /** Commands of `operation: run`, in words. */
  readonly runs?: readonly string[];
  /** Files that were changed since the last deploy. */
  readonly drift?: readonly string[];
  /** What somebody should look at. */
  readonly problems?: readonly string[];
}

/** What one container of a project is. */
export interface ServiceStatus {
  readonly service: string;
  readonly container: string;
  readonly image: string;
  readonly digest: string;
  /** UTC, ISO 8601. */
  readonly since: string;
  readonly health: string;
}

/** Ansible's recap of one host. */
export interface HostStats {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failures: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
}

export interface StatsEvent {
  readonly event: "stats";
  readonly hosts: Readonly<Record<string, HostStats>>;
}

/** What a host or Ansible gave that does not fit, by sentence: told once, however often it came. */
export type Note = (sentence: string) => void;

/** Characters of free texts; secrets are hidden after that, and then they are cut to what is shown. */
const LONG = 20_000;
const LINE = 300;

const oneLine: Shape<string> = (value) => text(LINE)(value)?.replaceAll(/\s+/g, " ");
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a name may not have
const name = word(/^[^\x00-\x1f\x7f]{1,255}$/);
const revision = word(/^[0-9a-f]{7,64}$/);
const release = word(/^[A-Za-z0-9][\w.-]{0,99}$/);
const image = word(/^[!-~]{0,600}$/);
const migration = word(/^[\p{L}\p{N}_ .-]{1,300}$/u);
const count = number(1_000_000_000);

/** An address that a browser may be sent to: http or https, no user, no password. */
const url: Shape<string> = (value) => {
  if (typeof value !== "string" || value.length > LINE || !/^https?:\/\/[^\s"'<>`\\]+$/.test(value)) return undefined;
  if (!URL.canParse(value)) return undefined;
  const { username, password } = new URL(value);
  return username === "" && password === "" ? value : undefined;
};

const service = object<ServiceStatus>(
  { service: name, container: name, image, digest: text(LINE), since: oneLine, health: oneLine },
  ["service", "container", "image", "digest", "since", "health"],
);

const status = object<HostStatus>(
  {
    ...{ release: orNull(release), revision: orNull(revision), since: orNull(oneLine), slot: orNull(oneLine) },
    ...{ lock: orNull(oneLine), releases: list(release, 500), services: list(service, 200) },
    ...{ units: mapping(name, oneLine, 200), free_mib: count },
    ...{ health: orNull(oneLine), restarts: mapping(name, count, 200), memory_mib: mapping(name, count, 200) },
    ...{ certificate_days: orNull(count), last_dump: orNull(oneLine), maintenance: orNull(oneLine) },
    ...{ dump_bytes: number(Number.MAX_SAFE_INTEGER), last_rehearsal: orNull(oneLine), restores_in: orNull(count) },
    ...{ timers: mapping(name, oneLine, 200), runs: list(oneLine, 50) },
    ...{ drift: list(oneLine, 200), problems: list(oneLine, 200) },
  },
  ["release", "revision", "since", "slot", "lock", "releases", "units", "free_mib"],
);

function facts(drop: (field: string) => void): Shape<DeployFacts> {
  return object<Required<DeployFacts>>(
    {
      ...{ app: word(/^[a-z0-9][a-z0-9_-]{0,62}$/), url, kept: flag, rolled_back: flag, status },
      ...{
        release,
        previous_release: release,
        revision,
        previous_revision: revision,
        target_revision: word(/^(|[0-9a-f]{7,64})$/),
      },
      ...{ packages: list(word(/^[\w./@:+~=-]{1,300}$/), 500), requirements: list(oneLine, 1_000) },
      ...{
        unknown: list(text(LONG), 100),
        warnings: list(text(LONG), 200),
        migrations: list(migration, 2_000),
        taken_back: list(migration, 2_000),
        dump: word(/^\d{8}T\d{6}Z-[0-9a-f]{4,7}(-[0-9a-f]{4})?$/),
      },
      ...{ images: mapping(name, image, 200), previous_images: mapping(name, image, 200) },
      phases: mapping(word(/^(Activate|Finish)$/), count, 2),
    },
    [],
    drop,
  );
}

const stats = object<HostStats>(
  { ok: count, changed: count, unreachable: count, failures: count, skipped: count, rescued: count, ignored: count },
  [],
);

const STATUSES = /^(ok|changed|failed|unreachable|skipped)$/;

const SHAPES: Readonly<Record<RunEvent["event"], (drop: (field: string) => void) => Shape<RunEvent>>> = {
  play: (drop) =>
    object<Required<PlayEvent>>(
      { event: text(9), name: oneLine, hosts: count, time: number() } as never,
      ["event", "name"],
      drop,
    ),
  task: (drop) =>
    object<Required<TaskEvent>>(
      { event: text(9), id: text(99), name: oneLine, time: number() } as never,
      ["event", "name"],
      drop,
    ),
  stats: (drop) =>
    object<StatsEvent>({ event: text(9), hosts: mapping(name, stats, 100_000) } as never, ["event", "hosts"], drop),
  result: (drop) =>
    object<Required<ResultEvent>>(
      {
        ...{ event: text(9), host: name, task: text(99), name: oneLine, action: text(LINE), path: text(4_096) },
        ...{ status: word(STATUSES), ignored: flag, rescued: flag, changed: flag, no_log: flag, rc: count },
        ...{ msg: ending(LONG), stderr: ending(LONG), stdout: ending(LONG), diff: text(LONG) },
        ...{ start: number(), duration: number(), warnings: list(text(LONG), 200), deploy: facts(drop) },
      } as never,
      ["event", "host", "name", "status"],
      drop,
    ),
};

/**
 * Reads the events file's text. What comes from a host is a stranger's: it is taken as far as it is of the right type, form
 * and length, and what is not is left out, with a note. A line that is cut off, as when Ansible was killed while writing, is
 * left out too.
 */
export function parseEvents(lines: string, note: Note = () => {}): RunEvent[] {
  const events: RunEvent[] = [];
  for (const line of lines.split("\n")) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue; // Not a whole line.
    }
    const record = Object(value) as Readonly<Record<string, unknown>>;
    const shape = Object.entries(SHAPES).find(([event]) => event === record.event)?.[1];
    const drop = (field: string) => {
      const host = name(record.host);
      note(
        `${host === undefined ? "A host" : host} gave ${oneLine(record.name) ?? "a result"} with a value of "${field}" that cannot be right: it was left out.`,
      );
    };
    const event = shape?.(drop)(value);
    if (event !== undefined) events.push(event);
    else if (shape !== undefined)
      note("An event of Ansible's was left out, since it is not of the form that is agreed.");
  }
  return events;
}
