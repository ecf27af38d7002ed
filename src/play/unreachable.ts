import { inventoryCommand } from "../ansible/arguments.js";
import { quiet } from "../ansible/environment.js";
import type { RunEvent } from "../ansible/events.js";
import { diagnose } from "../connection/diagnose.js";
import type { Identity } from "../connection/identity.js";
import { jumpAliases } from "../connection/jump-hosts.js";
import { sshTargets } from "../connection/targets.js";
import { splitArguments } from "../inputs/split-arguments.js";
import { totalsOf } from "../report/totals.js";
import type { Play } from "./play-parts.js";

/** What Ansible says when a host lets it in and it cannot run there. */
const CANNOT_RUN =
  /deserialization failed|module interpreter '|MODULE FAILURE|No usable temporary directory|python[\w.]{0,10}: (not found|No such file)|temporary directory|No space left on device|Read-only file system/;

/** Milliseconds for all of them together: whoever waits for the result would rather have Ansible's own words by then. */
const LIMIT = 14_000;

/**
 * Why Ansible could not work on hosts, a sentence each by the host's name. A run without such a host costs nothing.
 *
 * @returns none for a host whose cause was not found.
 */
export async function unreachableCauses(
  { inputs, files, project, folder, env, signal: stop, redact }: Play,
  identity: Identity,
  events: readonly RunEvent[],
): Promise<Map<string, string>> {
  const suspects = totalsOf(events).failures.filter(
    ({ status, msg, stderr, stdout }) =>
      status === "unreachable" || CANNOT_RUN.test([msg, stderr, stdout].filter(Boolean).join("\n")),
  );
  if (suspects.length === 0 || stop.aborted) return new Map();
  const signal = AbortSignal.any([stop, AbortSignal.timeout(LIMIT)]);
  const options = { cwd: project.folder, env: quiet(env), signal };
  const targets = await sshTargets(
    [...new Set(suspects.map(({ host }) => host))],
    inventoryCommand(files),
    inputs.vars,
    options,
  );
  const settings = project.cfg?.settings;
  const given = [env.ANSIBLE_SSH_ARGS ?? settings?.sshArgs, env.ANSIBLE_SSH_COMMON_ARGS, env.ANSIBLE_SSH_EXTRA_ARGS];
  const causes = await diagnose(targets, {
    arguments: given.flatMap((text) => splitArguments(text ?? "")),
    folder: folder.folder("diagnosis"),
    jumps: jumpAliases(inputs.jumpHost),
    publicKey: identity.publicKey,
    knownHosts: inputs.knownHosts === "" ? "the runner's known_hosts files, and known-hosts is empty" : "known-hosts",
    env,
    signal,
  });
  return new Map([...causes].map(([host, cause]) => [host, redact(cause)]));
}
