/** A line of the file that the events callback writes. Unknown keys are ignored. */
export type RunEvent = PlayEvent | TaskEvent | ResultEvent | StatsEvent;

export interface PlayEvent {
  readonly event: "play";
  readonly name: string;
  /** How many hosts its pattern selects. */
  readonly hosts?: number;
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
  readonly warnings?: readonly string[];
  readonly images?: Readonly<Record<string, string>>;
  /** A failed activation: the host serves what it served before. */
  readonly kept?: boolean;
  /** The host had switched and serves again what it served before. */
  readonly rolled_back?: boolean;
  /** What `operation: status` found on the host. */
  readonly status?: HostStatus;
  readonly previous_images?: Readonly<Record<string, string>>;
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

/** Reads the events file's text. A line that is cut off, as when Ansible was killed while writing, is left out. */
export function parseEvents(text: string): RunEvent[] {
  const events: RunEvent[] = [];
  for (const line of text.split("\n")) {
    try {
      const value: unknown = JSON.parse(line);
      if (isEvent(value)) events.push(value);
    } catch {
      // Not a whole line.
    }
  }
  return events;
}

function isEvent(value: unknown): value is RunEvent {
  if (typeof value !== "object" || value === null || !("event" in value)) return false;
  const record = value as Readonly<Record<string, unknown>>;
  switch (record.event) {
    case "result":
      return typeof record.host === "string" && typeof record.status === "string" && typeof record.name === "string";
    case "stats":
      return typeof record.hosts === "object" && record.hosts !== null;
    case "play":
    case "task":
      return typeof record.name === "string";
    default:
      return false;
  }
}
