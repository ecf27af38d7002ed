import * as core from "@actions/core";

/** Writes a line to the log that holds texts of hosts or of the repository: nothing in it acts as a command of the runner. */
export function tell(line: string): void {
  core.info(plainLine(line));
}

/** One line in which the runner finds no command, in neither of its two forms (`::name::`, `##[name]`). */
export function plainLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trimStart().replace(/^::/, ":\u200b:").replaceAll("##[", "##\u200b[");
}
