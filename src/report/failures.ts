import type { ResultEvent } from "../ansible/events.js";
import { taskName } from "../ansible/task-name.js";
import { adviceFor } from "./advice.js";
import { code, count, details, enumeration, preformatted, safe } from "./markdown.js";

/** Sentence and result of a failure. */
export type Failure = readonly [sentence: string, result: ResultEvent];

const MOST = 20;
const DETAIL_LINES = 30;
const DETAIL_CHARACTERS = 3_000;

/** The failures, those of the same cause on several hosts together. */
export function failureSection(failures: readonly Failure[], run: { readonly rolledBack: boolean }): string[] {
  if (failures.length === 0) return [];
  const groups = byCause(failures);
  const more = groups.length - MOST;
  return [
    "#### What failed",
    "",
    ...groups.slice(0, MOST).flatMap((group, index) => entry(group, index === 0)),
    ...(run.rolledBack ? ["Every host runs the release that was live before.", ""] : []),
    ...(more > 0 ? [`… and ${count(more, "failure")} more, in the log.`, ""] : []),
  ];
}

/** Failures by cause: hosts on which the same task failed with the same words are together, the largest group first. */
export function byCause(failures: readonly Failure[]): (readonly [Failure, ...Failure[]])[] {
  const groups = new Map<string, [Failure, ...Failure[]]>();
  for (const failure of failures) {
    const [sentence, { host, name, path }] = failure;
    const words = sentence.split(/([\w.-]+)/).filter((word) => word !== host);
    const key = [...words, name, path].join("\0");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [failure]);
    else group.push(failure);
  }
  return [...groups.values()].sort((one, other) => other.length - one.length);
}

function entry(group: readonly [Failure, ...Failure[]], first: boolean): string[] {
  const [[sentence, result]] = group;
  const hosts = group.map(([, { host }]) => code(host));
  const where = result.path ? ` at ${code(shortPath(result.path))}` : "";
  const all = lastLines(result);
  const said = firstLine(sentence, result);
  // What stands above them already is not said again.
  const lines = all.startsWith(`${said}\n`) ? all.slice(said.length + 1) : all;
  const advice = adviceFor(result);
  return [
    `**${enumeration(hosts)}**, task “${safe(taskName(result))}”${where}`,
    "",
    safe(said),
    "",
    ...(advice === "" ? [] : [`💡 ${advice}`, ""]),
    ...(lines === "" ? [] : details("last lines", [preformatted(lines)]).map(first ? opened : same)),
  ];
}

/** A sentence that only repeats host, task and message gives way to the first line of the message: host and task stand above it. */
function firstLine(sentence: string, { host, msg = "" }: ResultEvent): string {
  const [line = ""] = msg.split("\n");
  return sentence.startsWith(`${host}: the task "`) && line.length > 20 ? line : sentence;
}

/** The first failure is what everybody looks for: its lines stand open. */
const opened = (line: string) => (line === "<details>" ? "<details open>" : line);
const same = (line: string) => line;

function lastLines(result: ResultEvent): string {
  if (result.no_log) return "";
  const text = [result.msg, result.stdout, result.stderr].filter(Boolean).join("\n").trim();
  const lines = text.split("\n").slice(-DETAIL_LINES).join("\n").slice(-DETAIL_CHARACTERS);
  // A message of one line stands in the sentence already.
  return lines.includes("\n") || lines.length > 600 ? lines : "";
}

/** The end of a path: the folders above say nothing to a reader. */
function shortPath(path: string): string {
  return path.split("/").slice(-4).join("/");
}
