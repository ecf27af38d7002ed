import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, tell, warn } from "./announce.js";
import { removeConnections, removeSecrets } from "./cleanup.js";
import { createControlFolder } from "./connection/control-folder.js";
import { requireHostKeys } from "./connection/host-keys.js";
import { type Identity, prepareIdentity } from "./connection/identity.js";
import { tellTrust } from "./connection/trust.js";
import { endNow } from "./end-now.js";
import { messageOf } from "./errors.js";
import { cutWarning } from "./inputs/dotenv.js";
import type { Inputs } from "./inputs/inputs.js";
import { loadInputs } from "./inputs/load.js";
import { emptySecretsWarning } from "./inputs/missing.js";
import { validateInputs } from "./inputs/validate.js";
import type { Known } from "./known.js";
import { participantsOf } from "./play/participants.js";
import { type PlayResult, play } from "./play/play.js";
import { type Play, preparePlay } from "./play/play-parts.js";
import { writeRunFiles } from "./play/run-files.js";
import { unreachableCauses } from "./play/unreachable.js";
import { killAll } from "./process/run.js";
import { orStop, Stop, type StopReason } from "./process/stop.js";
import { broughtWarning } from "./project/brought.js";
import { inspectProject } from "./project/inspect.js";
import { sourcesOf } from "./project/sources.js";
import { bareOutcome, earlyOutcome, type Outcome, outcomeOf } from "./report/outcome.js";
import { publish } from "./report/publish.js";
import { intent } from "./report/verdict.js";
import { PrivateFolder } from "./secrets/private-folder.js";
import { secretsIn, weakSecrets } from "./secrets/values.js";
import { saveState } from "./state.js";
import { installRequirements } from "./toolchain/galaxy.js";
import { beginAnsible, ensureAnsible } from "./toolchain/install.js";
import { requirePlatform, thisMachine } from "./toolchain/machine.js";
import { toolCacheRoot } from "./toolchain/tool-folder.js";
import { becomePassword } from "./vault/become-password.js";
import { closedVaults, EVERY_HOST, requireOpenVaults, sentences } from "./vault/check.js";
import { Watchdog } from "./watchdog.js";

/** The folder of action.yml, seen from dist/main/index.js. GITHUB_ACTION_PATH may be that of a composite action around this one. */
const ACTION_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Milliseconds for finding out why hosts could not be reached. */
const EXPLAIN_LIMIT = 16_000;

/** A run of Ansible that can start, and what explaining its end needs. */
interface Ready {
  readonly inputs: Inputs;
  readonly play: Play;
  readonly identity: Identity;
  /** A sentence for each vault that does not open. */
  readonly closed: readonly string[];
}

/**
 * One deploy in three stages, each of which ends in an outcome whatever happens: prepare, play, explain.
 *
 * @param known takes note of the run as it goes; what its mask has already stays hidden.
 */
export async function run(known: Known, actionRoot: string = ACTION_ROOT): Promise<void> {
  const stop = new Stop();
  const watchdog = new Watchdog(stop, { noteBroken: known.noteBroken, end: () => endNow(known, stop.reason) });
  const outcome = await outcomeOfRun(actionRoot, known, stop);
  stop.settle();
  watchdog.finishing();
  // An Ansible that was not needed after all.
  killAll();
  // Secrets go before anything else is said or done.
  known.folder?.close();
  removeSecrets(known);
  publish(outcome, known.reportParts());
  await removeConnections(known);
  if (outcome.status !== "succeeded") fail(known.mask.redact(outcome.error));
  watchdog.release();
  stop.release();
}

async function outcomeOfRun(actionRoot: string, known: Known, stop: Stop): Promise<Outcome> {
  let ready: Ready;
  let result: PlayResult;
  try {
    ready = await prepare(actionRoot, known, stop);
    known.mark("played");
    result = await play(ready.play);
    known.mark("ended");
  } catch (error) {
    known.outcome = earlyOutcome(known.mask.redact(messageOf(error)), stop.reason, known.inputs);
    return known.outcome;
  }
  // A cancel from here on changes nothing of what has happened.
  const { reason } = stop;
  known.outcome = bareOutcome(result, reason, ready.inputs);
  for await (const better of explanations(ready, result, reason, stop.signal)) known.outcome = better;
  return known.outcome;
}

/** Inputs, masked secrets, private folder, Ansible: all that can fail before a host is touched. */
async function prepare(actionRoot: string, known: Known, stop: Stop): Promise<Ready> {
  const { mask } = known;
  const job = process.env;
  const inputs = loadInputs((raw) => mask.add(secretsIn(raw)));
  known.inputs = inputs;
  requirePlatform(process.platform);
  validateInputs(inputs);
  stop.after(inputs.timeoutMinutes);
  const machine = thisMachine(job, stop.signal);
  const begun = beginAnsible(actionRoot, inputs, machine);
  const empty = emptySecretsWarning(inputs);
  for (const warning of [empty, cutWarning(inputs.envCut)]) if (warning !== "") warn(warning);
  const project = await stop.step((signal) =>
    inspectProject(inputs, job.GITHUB_WORKSPACE || process.cwd(), job, signal),
  );
  tell(`${intent(inputs, project.revision)}.`);
  for (const line of project.django?.told ?? []) tell(line);
  const brought = broughtWarning(inputs, project, job.GITHUB_EVENT_NAME);
  if (brought !== "") warn(brought);

  const folder = PrivateFolder.create();
  known.folder = folder;
  saveState("privateFolder", folder.path);
  const controlFolder = createControlFolder();
  known.controlFolder = controlFolder;
  saveState("controlFolder", controlFolder);
  const password = await stop.step(() => becomePassword(inputs, project));
  mask.add([password]);
  for (const warning of weakSecrets(inputs, password)) warn(warning);
  const identity = await stop.step((signal) => prepareIdentity(inputs, folder, controlFolder, signal));
  tellTrust(inputs, identity);
  const files = writeRunFiles({ inputs, project, folder, job, actionRoot, identity, becomePassword: password });
  const sources = sourcesOf(project, files, inputs.extraArgs, folder.path, job);
  requireHostKeys(inputs, project, sources, job);
  const closed = await stop.step((signal) => closedVaults(inputs, project, sources, job, signal));
  requireOpenVaults(closed, EVERY_HOST, inputs, project);

  known.mark("looked");
  const ansible = await stop.step((signal) => ensureAnsible(actionRoot, inputs, { ...machine, signal }, begun));
  known.ansibleVersion = ansible.version;
  known.mark("ready");
  tell(`ansible-core ${ansible.version} ${ansible.cached ? "from the tool cache" : "installed"}.`);
  if (!ansible.python.startsWith(toolCacheRoot(job))) {
    warn("The runner's tool cache may not be written to: each job installs Ansible anew.");
  }
  const { requirements } = project;
  const galaxy = await stop.step((signal) =>
    installRequirements({ requirements, project: project.folder, ansible, folder, job, signal }),
  );
  const prepared = preparePlay({
    ...{ inputs, project, files, identity, folder, controlFolder, ansible, galaxy, actionRoot },
    ...{ redact: mask.redact, signal: stop.signal },
  });
  if (closed.length > 0) {
    requireOpenVaults(closed, await stop.step(() => participantsOf(prepared)), inputs, project);
  }
  return { inputs, play: prepared, identity, closed: sentences(closed, inputs, project) };
}

/** What happened in words, better and better. Where that fails, what is known already holds. */
async function* explanations(
  { inputs, play: prepared, identity, closed }: Ready,
  result: PlayResult,
  reason: StopReason | undefined,
  stopped: AbortSignal,
): AsyncGenerator<Outcome> {
  try {
    yield outcomeOf(result, reason, { inputs, causes: new Map(), closed });
    if (reason !== undefined) return;
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(EXPLAIN_LIMIT)]);
    const causes = await orStop(unreachableCauses(prepared, identity, result.events), signal);
    if (causes.size > 0) yield outcomeOf(result, reason, { inputs, causes, closed });
  } catch (error) {
    if (!stopped.aborted) warn(prepared.redact(`The cause was not found out: ${messageOf(error)}`));
  }
}
