import { isAbsolute, join, relative } from "node:path";
import type { ResultEvent } from "../ansible/events.js";
import { taskName } from "../ansible/task-name.js";
import { adviceFor } from "./advice.js";
import { byCause, type Failure } from "./failures.js";
import { inOrigin, type Place } from "./origin.js";

/** GitHub shows at most ten annotations of a kind for a step. */
export const MOST_ANNOTATIONS = 10;

/** A remark shown at a line of a file. */
export interface Annotation {
  readonly message: string;
  readonly title: string;
  /** Relative to the workspace; absent where no file of it is to blame. */
  readonly file?: string;
  readonly startLine?: number;
}

/** Where the user's repository is. */
export interface Repository {
  /** GITHUB_WORKSPACE as an absolute path; "" when unknown. */
  readonly workspace: string;
  /** The input working-directory, relative to the workspace. */
  readonly workingDirectory: string;
  /** Whether a file is there; the path is absolute. */
  readonly exists: (path: string) => boolean;
}

/**
 * The annotations of failures: one for each cause, those that many hosts have first, and one place is kept for the step's
 * own error.
 */
export function annotationsOf(failures: readonly Failure[], repository: Repository): Annotation[] {
  return byCause(failures)
    .slice(0, MOST_ANNOTATIONS - 1)
    .map((group) => {
      const [[sentence, result]] = group;
      const hosts = group.map(([, { host }]) => host);
      return {
        message: messageOf(sentence, result, hosts),
        title: `${hosts.length === 1 ? hosts[0] : `${hosts.length} hosts`}: ${taskName(result)}`,
        ...positionOf(result, repository),
      };
    });
}

function messageOf(sentence: string, result: ResultEvent, hosts: readonly string[]): string {
  const advice = adviceFor(result).replaceAll("`", "");
  const others =
    hosts.length > 1 ? `The same on ${hosts.slice(1, 11).join(", ")}${hosts.length > 11 ? " …" : ""}.` : "";
  return [sentence, others, advice].filter((part) => part !== "").join("\n");
}

/** The line of the user's own code, configuration or template that a failure names, else the task that failed. */
export function positionOf(
  { msg, stderr, stdout, path, no_log }: ResultEvent,
  repository: Repository,
): Pick<Annotation, "file" | "startLine"> {
  if (repository.workspace === "") return {};
  const text = no_log ? "" : [stdout, stderr, msg].filter(Boolean).join("\n");
  const named = [...inRelease(text), ...inOrigin(text)].map(
    ([file, line]) => [locate(file, repository), line] as const,
  );
  const [file, line] = named.find(([found]) => found !== undefined) ?? [];
  return file === undefined || line === undefined ? placeIn(path, repository.workspace) : { file, startLine: line };
}

/** `file:line` as a place of the workspace; nothing for a file outside of it. */
export function placeIn(path: string | undefined, workspace: string): Pick<Annotation, "file" | "startLine"> {
  const [, absolute = "", line] = /^(.+):(\d+)$/.exec(path ?? "") ?? [];
  const file = workspace === "" ? undefined : inside(absolute, workspace);
  return file === undefined ? {} : { file, startLine: Number(line) };
}

/** Lines of a Python traceback that are the application's own, innermost first. */
function inRelease(text: string): Place[] {
  const places = [...text.matchAll(/File "([^"\n]+)", line (\d+)/g)].flatMap(([, path = "", line]): Place[] => {
    const [, release] = path.split("/releases/");
    const file = release?.slice(release.indexOf("/") + 1) ?? "";
    return file === "" || file.startsWith(".venv/") ? [] : [[file, Number(line)]];
  });
  return places.reverse();
}

/** A file of the workspace, relative to it; files of a release lie in the working directory or in the workspace. */
function locate(file: string, { workspace, workingDirectory, exists }: Repository): string | undefined {
  if (isAbsolute(file)) return inside(file, workspace);
  const candidates = [join(workspace, workingDirectory, file), join(workspace, file)];
  const found = candidates.find(exists);
  return found === undefined ? undefined : inside(found, workspace);
}

function inside(file: string, workspace: string): string | undefined {
  const path = relative(workspace, file);
  return file === "" || path === "" || path.startsWith("..") || isAbsolute(path) ? undefined : path;
}
