import type { ResultEvent, RunEvent } from "../ansible/events.js";

/** What of a result may hold what a host printed. */
const FREE_TEXTS = ["name", "msg", "stderr", "stdout", "diff", "warnings", "deploy"] as const;

/** Characters of an output that are kept: the cause of a failure stands last. */
const TAIL = 4_096;
const LONGEST_LINE = 1_000;

/**
 * The events without secrets. It comes before any escaping or cutting, which could tear a secret apart so that nothing
 * finds it; the callback keeps more than is needed, so that what it cut through is left out here.
 */
export function redactEvents(events: readonly RunEvent[], redact: (text: string) => string): RunEvent[] {
  return events.map((event) => {
    if (event.event === "play") return { ...event, name: redact(event.name) };
    return event.event === "result" ? redactResult(event, redact) : event;
  });
}

function redactResult(event: ResultEvent, redact: (text: string) => string): ResultEvent {
  const given = FREE_TEXTS.filter((key) => event[key] !== undefined);
  if (given.length === 0) return event;
  const redacted = given.map((key) => [key, redactDeep(event[key], redact)] as const);
  return {
    ...event,
    ...Object.fromEntries(
      redacted.map(([key, value]) => [key, key === "msg" ? message(value) : PRINTED.has(key) ? end(value) : value]),
    ),
  };
}

const PRINTED: ReadonlySet<string> = new Set(["stderr", "stdout"]);

/** A long message without its middle: its first line, which the callback keeps whole, says what failed. */
function message(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= TAIL) return value;
  const first = value.slice(0, value.indexOf("\n"));
  return first.length > LONGEST_LINE || !value.includes("\n") ? end(value) : `${first}\n…\n${end(value)}`;
}

/** Of warnings and the like. */
const start = (value: unknown): unknown => (typeof value === "string" ? value.slice(0, TAIL) : value);
const end = (value: unknown): unknown => (typeof value === "string" ? value.slice(-TAIL) : value);

function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => start(redactDeep(item, redact)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redactDeep(item, redact)]));
}
