import * as core from "@actions/core";

/**
 * The one way to speak to the runner in commands. While Ansible's output passes through, commands are stopped: what is
 * announced then would be printed as a plain line that nobody sees, so it waits until they count again.
 */
let token = "";
const waiting: (() => void)[] = [];

/**
 * Calls back once nobody reads any more what this process says: its runner is gone. Without this each line that is said then
 * would be an error that nobody caught, which is said, and so on for ever.
 *
 * @returns what takes that back.
 */
export function onUnheard(act: () => void): () => void {
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.on("error", act);
  return () => {
    for (const stream of streams) stream.off("error", act);
  };
}

/** Stops commands until {@link resumeCommands}, under a random token. */
export function stopCommands(random: string): void {
  process.stdout.write(`::stop-commands::${random}\n`);
  token = random;
}

/** Lets commands count again, and says what has waited for that. */
export function resumeCommands(): void {
  if (token !== "") process.stdout.write(`::${token}::\n`);
  token = "";
  for (const say of waiting.splice(0)) say();
}

function announce(say: () => void): void {
  if (token === "") say();
  else waiting.push(say);
}

/** Bytes of one annotation: the page shows no more, and a host may say as much as it likes. */
const LONGEST = 4_096;

function limited(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST) return text;
  // Not in the middle of a character.
  let end = LONGEST - Buffer.byteLength(" …");
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString("utf8", 0, end)} …`;
}

/** A warning, shown on the run's page. */
export function warn(text: string): void {
  announce(() => core.warning(limited(text)));
}

/** An error at a place of the repository, shown on the run's page. The step does not fail by it. */
export function annotate(text: string, properties: core.AnnotationProperties): void {
  announce(() => core.error(limited(text), properties));
}

/** Fails the step, for this reason. */
export function fail(text: string): void {
  process.exitCode = core.ExitCode.Failure;
  announce(() => core.error(limited(text)));
}

/** A line for runs with debug logging. */
export function debug(text: string): void {
  announce(() => core.debug(text));
}

/** Writes a line to the log that holds texts of hosts or of the repository: nothing in it acts as a command of the runner. */
export function tell(line: string): void {
  core.info(plainLine(line));
}

/** One line in which the runner finds no command, in neither of its two forms (`::name::`, `##[name]`). */
export function plainLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trimStart().replace(/^::/, ":\u200b:").replaceAll("##[", "##\u200b[");
}
