import { naturally } from "../text.js";
import { type Course, phasesOf } from "./phases.js";

/** Mermaid refuses longer charts than 50,000 characters, and people look at fewer hosts than that. */
const MOST_HOSTS = 20;
const MOST_SPANS = 30;
/** Pixels of the chart, which a narrower page makes smaller as a whole; of what is right of the bars; of a letter. */
const WIDTH = 860;
const RIGHT = 90;
const LETTER_WIDTH = 7;
/** Seconds between two times of the axis, and how many times stand beside one another on a phone. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const MOST_STEPS = 5;
/** Mermaid asks for a label; this one has no width. */
const NO_LABEL = "\u200b";

/** Words that Mermaid reads at the start of a line of a chart. */
const KEYWORD =
  /^(gantt|title|section|click|call|href|end|vert|milestone|active|done|crit|dateformat|axisformat|tickinterval|includes|excludes|todaymarker|inclusiveenddates|topaxis|weekday|weekend|accTitle|accDescr)/i;

/** A Mermaid chart of the phases by host, each switch and each rollback marked; "" when there was one phase alone. Hosts that failed come first, then as people count. */
export function timeline(courses: readonly Course[]): string {
  const shown = pick(courses);
  const times = shown.flatMap(({ spans }) => spans.flatMap(({ start, end }) => [start, end]));
  if (times.length === 0 || phasesOf(courses).size < 2) return "";
  // In the order in which they began on any host, so that a phase has one colour wherever another one is left out.
  const phases = shown.flatMap(({ spans }) => spans).toSorted((one, other) => one.start - other.start);
  const whole = Math.max(...times) - Math.min(...times);
  const left = 40 + 6 * Math.max(...shown.map(({ host }) => word(host).length));
  const pixels = (WIDTH - left - RIGHT) / whole;
  return [
    "---",
    "displayMode: compact",
    "config:",
    "  gantt:",
    "    barHeight: 24",
    "    fontSize: 12",
    `    useWidth: ${WIDTH}`,
    `    leftPadding: ${left}`,
    `    rightPadding: ${RIGHT}`,
    "---",
    "gantt",
    "  dateFormat x",
    "  axisFormat %H:%M:%S",
    `  tickInterval ${STEPS.find((step) => whole <= step * 1000 * MOST_STEPS) ?? Math.ceil(whole / 1000 / MOST_STEPS)}second`,
    "  todayMarker off",
    ...shown.flatMap((course) => section(course, [...new Set(phases.map(({ phase }) => phase))], pixels)),
  ].join("\n");
}

/** How many hosts a chart leaves out. */
export function hiddenHosts(courses: readonly Course[]): number {
  return courses.length - pick(courses).length;
}

function pick(courses: readonly Course[]): readonly Course[] {
  const failed = (course: Course) => Number(course.spans.some((span) => span.failed));
  return courses
    .toSorted((one, other) => failed(other) - failed(one) || naturally(one.host, other.host))
    .slice(0, MOST_HOSTS);
}

/** @param pixels of a millisecond. */
function section({ host, spans, switched, returned }: Course, phases: readonly string[], pixels: number): string[] {
  const bars = spans.slice(0, MOST_SPANS).map(({ phase, start, end, failed }) => {
    // A label that is longer than its bar would stand in the next one.
    const fits = (text: string) => (end - start) * pixels > text.length * LETTER_WIDTH;
    const text = word(phase);
    const label = [text, text.split(" ", 1)[0] ?? ""].find((one) => one !== "" && fits(one)) ?? NO_LABEL;
    const look = failed ? "crit" : phases.indexOf(phase) % 2 === 0 ? "done" : "active";
    return `  ${label} :${look}, ${start}, ${Math.max(end, start + 1)}`;
  });
  // Mermaid draws a mark below a bar that it is within, and over the label of one that ends with it.
  const within = (time: number) => (spans.some(({ end }) => end === time) ? time - 1 : time);
  const mark = switched === undefined ? [] : [`  ${NO_LABEL} :milestone, ${within(switched)}, 0ms`];
  const back = returned === undefined ? [] : [`  ${NO_LABEL} :crit, milestone, ${within(returned)}, 0ms`];
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
