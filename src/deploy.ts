import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as core from "@actions/core";
import { removeTraces } from "./cleanup.js";
import { createControlFolder } from "./connection/control-folder.js";
import { prepareIdentity } from "./connection/identity.js";
import { tellTrust } from "./connection/trust.js";
import { messageOf } from "./errors.js";
import type { Inputs } from "./inputs/inputs.js";
import { loadInputs } from "./inputs/load.js";
import { emptySecretsWarning } from "./inputs/missing.js";
import { validateInputs } from "./inputs/validate.js";
import { participantsOf } from "./play/participants.js";
import { play } from "./play/play.js";
import { preparePlay } from "./play/prepare.js";
import { writeRunFiles } from "./play/run-files.js";
import { unreachableCauses } from "./play/unreachable.js";
import { Stop } from "./process/stop.js";
import { inspectProject } from "./project/inspect.js";
import { sourcesOf } from "./project/sources.js";
import { tell } from "./report/log-line.js";
import { earlyOutcome, type Outcome, outcomeOf } from "./report/outcome.js";
import { publish } from "./report/publish.js";
import { Mask } from "./secrets/mask.js";
import { PrivateFolder } from "./secrets/private-folder.js";
import { secretsIn, weakSecrets } from "./secrets/values.js";
import { saveState } from "./state.js";
import { installRequirements } from "./toolchain/galaxy.js";
import { ensureAnsible } from "./toolchain/install.js";
import type { Ansible } from "./toolchain/store.js";
import { toolCacheRoot } from "./toolchain/tool-folder.js";
import { becomePassword } from "./vault/become-password.js";
import { closedVaults, EVERY_HOST, requireOpenVaults, sentences } from "./vault/check.js";

/** The folder of action.yml, seen from dist/main/index.js. GITHUB_ACTION_PATH may be that of a composite action around this one. */
const ACTION_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What a report goes by when the inputs could not be read. */
const UNREAD = { check: false, operation: "deploy", playbook: "", appName: "", workingDirectory: "." } as const;

/** One deploy: inputs, masked secrets, private folder, Ansible, play, report, clean-up. */
export async function run(): Promise<void> {
  const started = Date.now();
  const stop = new Stop();
  const mask = new Mask();
  let inputs: Inputs | undefined;
  let ansible: Ansible | undefined;
  let folder: PrivateFolder | undefined;
  let controlFolder = "";
  let outcome: Outcome;
  try {
    inputs = loadInputs((raw) => mask.add(secretsIn(raw)));
    validateInputs(inputs);
    stop.after(inputs.timeoutMinutes);
    const empty = emptySecretsWarning(inputs);
    if (empty !== "") core.warning(empty);
    const project = await inspectProject(inputs, process.env.GITHUB_WORKSPACE || process.cwd(), process.env);
    for (const line of project.django?.told ?? []) tell(line);

    folder = PrivateFolder.create();
    saveState("privateFolder", folder.path);
    controlFolder = createControlFolder();
    saveState("controlFolder", controlFolder);
    const password = becomePassword(inputs, project);
    mask.add([password]);
    for (const warning of weakSecrets(inputs, password)) core.warning(warning);
    const identity = await prepareIdentity(inputs, folder, controlFolder);
    tellTrust(inputs, identity);
    const files = writeRunFiles({
      ...{ inputs, project, folder, job: process.env, actionRoot: ACTION_ROOT },
      ...{ identity, becomePassword: password },
    });
    const sources = sourcesOf(project, files, folder.path, process.env);
    const closed = closedVaults(inputs, project, sources, process.env);
    requireOpenVaults(closed, EVERY_HOST, inputs, project);

    ansible = await ensureAnsible(ACTION_ROOT, inputs, process.env, stop.signal);
    core.info(`ansible-core ${ansible.version} ${ansible.cached ? "from the tool cache" : "installed"}.`);
    if (!ansible.python.startsWith(toolCacheRoot(process.env))) {
      core.warning("The runner's tool cache may not be written to: each job installs Ansible anew.");
    }
    const galaxy = await installRequirements({
      ...{ requirements: project.requirements, project: project.folder, ansible, folder },
      ...{ job: process.env, signal: stop.signal },
    });
    stop.signal.throwIfAborted();

    const prepared = preparePlay({
      ...{ inputs, project, files, identity, folder, controlFolder, ansible, galaxy },
      ...{ actionRoot: ACTION_ROOT, redact: mask.redact, signal: stop.signal },
    });
    if (closed.length > 0) requireOpenVaults(closed, await participantsOf(prepared), inputs, project);
    const result = await play(prepared);
    const causes = await unreachableCauses(prepared, identity, result.events);
    outcome = outcomeOf(result, stop.reason, { inputs, causes, closed: sentences(closed, inputs, project) });
  } catch (error) {
    outcome = earlyOutcome(mask.redact(messageOf(error)), stop.reason, inputs);
  }
  stop.settle();
  // Secrets go before anything else is said or done.
  await removeTraces({ privateFolder: folder?.path ?? "", controlFolder: "" });
  await publish(outcome, {
    inputs: inputs ?? UNREAD,
    summary: inputs?.summary ?? true,
    ansibleVersion: ansible?.version ?? "",
    durationSeconds: Math.round((Date.now() - started) / 1000),
    redact: mask.redact,
  });
  await removeTraces({ privateFolder: "", controlFolder });
  if (outcome.status !== "succeeded") core.setFailed(mask.redact(outcome.error));
}
