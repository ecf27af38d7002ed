import { isAbsolute, relative } from "node:path";
import type { ResultEvent } from "../ansible/events.js";
import { taskName } from "./explain.js";

/** GitHub shows at most ten annotations of a kind for a step. */
const MOST = 10;

/** An error shown at a line of a file. */
export interface Annotation {
  readonly message: string;
  readonly title: string;
  /** Relative to the workspace; absent for a file outside of it. */
  readonly file?: string;
  readonly startLine?: number;
}

/**
 * The annotations of failures.
 *
 * @param workspace GITHUB_WORKSPACE as an absolute path; "" when unknown.
 */
export function annotationsOf(
  failures: readonly (readonly [sentence: string, result: ResultEvent])[],
  workspace: string,
): Annotation[] {
  return failures.slice(0, MOST).map(([message, result]) => ({
    message,
    title: `${result.host}: ${taskName(result)}`,
    ...position(result.path, workspace),
  }));
}

function position(path: string | undefined, workspace: string): Pick<Annotation, "file" | "startLine"> {
  const match = /^(.+):(\d+)$/.exec(path ?? "");
  if (!match || workspace === "") return {};
  const file = relative(workspace, match[1] ?? "");
  if (file === "" || file.startsWith("..") || isAbsolute(file)) return {};
  return { file, startLine: Number(match[2]) };
}
