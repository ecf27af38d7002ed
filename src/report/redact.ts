import type { ResultEvent, RunEvent } from "../ansible/events.js";

/** What of a result may hold what a host printed. */
const FREE_TEXTS = ["msg", "stderr", "stdout", "diff", "warnings", "deploy"] as const;

/** The events without secrets. It comes before any escaping, which could tear a secret apart so that nothing finds it. */
export function redactEvents(events: readonly RunEvent[], redact: (text: string) => string): RunEvent[] {
  return events.map((event) => (event.event === "result" ? redactResult(event, redact) : event));
}

/** The same for one result. */
export function redactResult(event: ResultEvent, redact: (text: string) => string): ResultEvent {
  const given = FREE_TEXTS.filter((key) => event[key] !== undefined);
  return given.length === 0
    ? event
    : { ...event, ...Object.fromEntries(given.map((key) => [key, redactDeep(event[key], redact)])) };
}

function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redactDeep(item, redact)]));
}
