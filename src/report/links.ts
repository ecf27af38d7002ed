import { safe } from "./markdown.js";

/** What the runner says of the job; "" where it says nothing. */
export interface JobFacts {
  /** Such as https://github.com. */
  readonly server: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly run: string;
  readonly actor: string;
  /** Workflow file with the button to roll back, in the checkout; "" when there is none. */
  readonly rollbackWorkflow: string;
}

/** What a run moved. */
export interface Moved {
  /** Full commits; "" where unknown. They come from hosts. */
  readonly from: string;
  readonly to: string;
  /** Whether the run's release is live on a host, so that it can be rolled back. */
  readonly live: boolean;
}

const COMMIT = /^[0-9a-f]{40}$/;

/** Links of a run as Markdown: the commit, what changed since the one before, the run, the button to roll back, and who started it. */
export function jobLinks(
  { server, repository, run, actor, rollbackWorkflow }: JobFacts,
  { from, to, live }: Moved,
): string[] {
  const known = /^https?:\/\/[\w.:-]+$/.test(server) && /^[\w.-]+\/[\w.-]+$/.test(repository);
  const who = actor === "" ? [] : [`started by ${safe(actor)}`];
  if (!known) return who;
  const site = `${server}/${repository}`;
  const link = (text: string, path: string) => `[${text}](${site}/${path})`;
  return [
    ...(COMMIT.test(to) ? [link(`commit ${to.slice(0, 7)}`, `commit/${to}`)] : []),
    ...(COMMIT.test(to) && COMMIT.test(from) && from !== to ? [link("what changed", `compare/${from}...${to}`)] : []),
    ...(/^\d+$/.test(run) ? [link("run and log", `actions/runs/${run}`)] : []),
    ...(live && /^[\w.-]+\.ya?ml$/.test(rollbackWorkflow)
      ? [link("roll back", `actions/workflows/${rollbackWorkflow}`)]
      : []),
    ...who,
  ];
}
