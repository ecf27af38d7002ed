import type { Inputs } from "../inputs/inputs.js";
import { OPERATIONS } from "../operations.js";
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
  const head = {
    succeeded: `${what}${where}`,
    failed: `${what}${where} failed${parts.phase === "" ? "" : ` in “${parts.phase}”`}`,
    "rolled-back": `${what}${where} failed${parts.phase === "" ? "" : ` in “${parts.phase}”`}, and every host serves what it served before`,
    cancelled: `${what}${where} was cancelled`,
  }[parts.status];
  return `${head}${revisions(parts, totals)}: ${[...counts(totals, parts.inputs.check), `in ${seconds(parts.durationSeconds)}`].join(", ")}`;
}

function subject({ inputs, app }: VerdictParts): string {
  if (inputs.playbook !== "") return inputs.check ? `Check of ${inputs.playbook}` : inputs.playbook;
  const of = app === "" ? "" : ` of ${app}`;
  if (inputs.check) return `Check${of}`;
  return `${OPERATIONS[inputs.operation].headline}${of}`;
}

/** `, 0123456 → 89abcde`. */
function revisions({ inputs }: VerdictParts, { deploy }: Totals): string {
  const short = (revision: string | undefined) => revision?.slice(0, 7);
  const [from, to] = [short(deploy.previous_revision), short(deploy.target_revision ?? deploy.revision)];
  if (!OPERATIONS[inputs.operation].tellsRevisions || to === undefined) return "";
  if (from === undefined) return `, ${to}`;
  return from === to ? `, ${to} as before` : `, ${from} → ${to}`;
}

function counts(totals: Totals, check: boolean): string[] {
  if (totals.hosts.length === 0) return ["no host took part"];
  const many = totals.changed.length;
  const changed = check ? `${many} would change` : `${many} changed`;
  return [
    count(totals.hosts.length, "host"),
    changed,
    ...(
      [
        ["ok", totals.ok],
        ["failed", totals.failed],
        ["unreachable", totals.unreachable],
      ] as const
    ).map(([word, hosts]) => `${hosts.length} ${word}`),
  ];
}
