import { quoted } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { OPERATIONS } from "../operations.js";
import { problemCount } from "./host-tables.js";
import { count, enumeration, seconds } from "./markdown.js";
import type { Status } from "./outputs.js";
import type { Totals } from "./totals.js";

/** What the line is made of besides the totals. */
export interface VerdictParts {
  readonly status: Status;
  readonly inputs: Pick<Inputs, "check" | "operation" | "playbook">;
  /** Name of the application; "" when unknown. */
  readonly app: string;
  /** Phase in which it failed; "" when none did. */
  readonly phase: string;
  readonly durationSeconds: number;
}

/** The run in one line: what, where, from which revision to which, how many hosts, how long. For summary and log. */
export function verdict(parts: VerdictParts, totals: Totals): string {
  const what = subject(parts);
  const where = totals.hosts.length === 0 ? "" : ` on ${enumeration(totals.hosts)}`;
  const moved = revisions(parts, totals);
  const failed = `failed${parts.phase === "" ? "" : ` in “${parts.phase}”`}`;
  const then = (end: string) => `${what}${where}${moved === "" ? " " : `${moved}, `}${end}`;
  const head = {
    succeeded: `${what}${where}${moved}`,
    failed: then(failed),
    "rolled-back": `${what}${where} rolled back${rolledBack(parts, totals, failed)}`,
    cancelled: then("was cancelled"),
  }[parts.status];
  return `${head}: ${[...counts(totals, parts), `in ${seconds(parts.durationSeconds)}`].join(", ")}`;
}

/**
 * What is about to be done, in one line at the top of the log: what, which commit, on which hosts.
 *
 * @param revision the commit that is checked out; undefined when there is none.
 */
export function intent(inputs: Inputs, revision: string | undefined): string {
  const { inventoryFiles, hosts, limit, source } = inputs;
  const uploads = inputs.playbook === "" && OPERATIONS[inputs.operation].uploads && source !== "git";
  const asked = inputs.playbook === "" && inputs.revision !== "" ? inputs.revision : undefined;
  const what = uploads ? short(revision) : asked;
  const named = inventoryFiles.length > 0 ? enumeration(inventoryFiles) : "the input inventory";
  return [
    subject({ inputs, app: inputs.appName }),
    ...(what === undefined ? [] : [`${uploads ? "commit " : ""}${what}`]),
    `hosts of ${hosts === "" ? named : "the input hosts"}${limit === "" ? "" : ` within ${quoted(limit)}`}`,
  ].join(", ");
}

function subject({ inputs, app }: Pick<VerdictParts, "inputs" | "app">): string {
  if (inputs.playbook !== "") return inputs.check ? `Check of ${inputs.playbook}` : inputs.playbook;
  const of = app === "" ? "" : ` of ${app}`;
  if (inputs.check) return `Check${of}`;
  return `${OPERATIONS[inputs.operation].headline}${of}`;
}

const short = (revision: string | undefined) => revision?.slice(0, 7);

/** ` to 0123456, since 89abcde failed in “Activate”`: what is live now, and what is not. No arrow, which would say that it went there. */
function rolledBack({ inputs }: VerdictParts, { deploy }: Totals, failed: string): string {
  const [from, to] = [short(deploy.previous_revision), short(deploy.target_revision)];
  if (from === undefined || to === undefined || from === to) return `, since it ${failed}`;
  return ` to ${from}, since ${inputs.operation === "rollback" ? "the rollback to " : ""}${to} ${failed}`;
}

/** `, 0123456 → 89abcde`. */
function revisions({ inputs }: VerdictParts, { deploy }: Totals): string {
  const [from, to] = [short(deploy.previous_revision), short(deploy.target_revision ?? deploy.revision)];
  if (!OPERATIONS[inputs.operation].tellsRevisions || to === undefined) return "";
  if (from === undefined) return `, ${to}`;
  return from === to ? `, ${to} as before` : `, ${from} → ${to}`;
}

/** How many hosts, and what became of them: what is zero is left out, but not that nothing changed. */
function counts(totals: Totals, { inputs, status }: VerdictParts): string[] {
  if (totals.hosts.length === 0) return ["no host took part"];
  const changed = `${totals.changed.length} ${inputs.check ? "would change" : "changed"}`;
  const looks = inputs.playbook === "" && !OPERATIONS[inputs.operation].changesHosts && totals.changed.length === 0;
  const found = Object.values(totals.hostStatus);
  return [
    count(totals.hosts.length, "host"),
    // What was changed and changed back is no news, nor that what only looks changed nothing.
    ...(status === "rolled-back" || looks ? [] : [changed]),
    ...(found.length > 0 ? [problemCount(found.flatMap(({ problems = [] }) => problems))] : []),
    ...(totals.failed.length > 0 ? [`${totals.failed.length} failed`] : []),
    ...(totals.unreachable.length > 0 ? [`${totals.unreachable.length} unreachable`] : []),
  ];
}
