import type { Course } from "./phases.js";

/** Mermaid refuses longer charts than 50,000 characters, and people look at fewer hosts than that. */
const MOST_HOSTS = 20;
const MOST_SPANS = 30;
/** Pixels of all bars together, and of a letter. */
const BARS_WIDTH = 780;
const LETTER_WIDTH = 8;
/** Mermaid asks for a label; this one has no width. */
const NO_LABEL = "\u200b";

/** Words that Mermaid reads at the start of a line of a chart. */
const KEYWORD =
  /^(gantt|title|section|click|call|href|end|vert|milestone|active|done|crit|dateformat|axisformat|tickinterval|includes|excludes|todaymarker|inclusiveenddates|topaxis|weekday|weekend|accTitle|accDescr)/i;

/** A Mermaid chart of the phases by host, each switch and each rollback marked; "" when nothing took time. Hosts that failed come first. */
export function timeline(courses: readonly Course[]): string {
  const shown = pick(courses);
  const times = shown.flatMap(({ spans }) => spans.flatMap(({ start, end }) => [start, end]));
  if (times.length === 0) return "";
  // In the order in which they began on any host, so that a phase has one colour wherever another one is left out.
  const phases = shown.flatMap(({ spans }) => spans).toSorted((one, other) => one.start - other.start);
  const whole = Math.max(...times) - Math.min(...times);
  return [
    "---",
    "displayMode: compact",
    "config:",
    "  gantt:",
    "    barHeight: 24",
    "    fontSize: 12",
    `    leftPadding: ${40 + 6 * Math.max(...shown.map(({ host }) => word(host).length))}`,
    "    rightPadding: 90",
    "---",
    "gantt",
    "  dateFormat x",
    "  axisFormat %H:%M:%S",
    "  todayMarker off",
    ...shown.flatMap((course) => section(course, [...new Set(phases.map(({ phase }) => phase))], whole)),
  ].join("\n");
}

/** How many hosts a chart leaves out. */
export function hiddenHosts(courses: readonly Course[]): number {
  return courses.length - pick(courses).length;
}

function pick(courses: readonly Course[]): readonly Course[] {
  const failed = (course: Course) => Number(course.spans.some((span) => span.failed));
  return courses.toSorted((one, other) => failed(other) - failed(one)).slice(0, MOST_HOSTS);
}

function section({ host, spans, switched, returned }: Course, phases: readonly string[], whole: number): string[] {
  const bars = spans.slice(0, MOST_SPANS).map(({ phase, start, end, failed }) => {
    const text = word(phase);
    // A label that is longer than its bar would stand in the next one.
    const label = ((end - start) / whole) * BARS_WIDTH > text.length * LETTER_WIDTH ? text : NO_LABEL;
    const look = failed ? "crit" : phases.indexOf(phase) % 2 === 0 ? "done" : "active";
    return `  ${label} :${look}, ${start}, ${Math.max(end, start + 1)}`;
  });
  const mark = switched === undefined ? [] : [`  ${NO_LABEL} :milestone, ${switched}, 0ms`];
  const back = returned === undefined ? [] : [`  ${NO_LABEL} :crit, milestone, ${returned}, 0ms`];
  return [`  section ${word(host)}`, ...bars, ...mark, ...back];
}

/** A text as a label: nothing that Mermaid reads as syntax. */
function word(text: string): string {
  const plain = text
    .replace(/[^\p{L}\p{N}\u200b ._()/-]+/gu, " ")
    .trim()
    .slice(0, 40);
  return KEYWORD.test(plain) ? `“${plain}”` : plain || "unnamed";
}
