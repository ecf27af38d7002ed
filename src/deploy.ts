import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as core from "@actions/core";
import { type Ansible, ensureAnsible } from "./ansible/install.js";
import { Stop } from "./cancel.js";
import { removeTraces } from "./cleanup.js";
import { createControlFolder } from "./connection/control-folder.js";
import { messageOf } from "./errors.js";
import { type Inputs, loadInputs } from "./inputs.js";
import { earlyOutcome, type Outcome, outcomeOf } from "./outcome.js";
import { play } from "./play.js";
import { inspectProject } from "./project/inspect.js";
import { requireVaultPassword, unopenedFiles } from "./project/vault-check.js";
import { publish } from "./publish.js";
import { writeRunFiles } from "./run-files.js";
import { Mask } from "./secrets/mask.js";
import { PrivateFolder } from "./secrets/private-folder.js";
import { saveState } from "./state.js";
import { validateInputs } from "./validate-inputs.js";

/** The folder of action.yml, seen from dist/main/index.js. GITHUB_ACTION_PATH may be that of a composite action around this one. */
const ACTION_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

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
    inputs = loadInputs(mask.add);
    validateInputs(inputs);
    stop.after(inputs.timeoutMinutes);
    const project = await inspectProject(inputs, process.env.GITHUB_WORKSPACE || process.cwd(), process.env);

    folder = PrivateFolder.create();
    saveState("privateFolder", folder.path);
    const files = writeRunFiles(inputs, project, folder, process.env, ACTION_ROOT);
    const bases = [...files.inventories, files.playbook];
    requireVaultPassword(inputs, project, bases, process.env);

    ansible = await ensureAnsible(ACTION_ROOT, process.env, stop.signal);
    core.info(`ansible-core ${ansible.version} ${ansible.cached ? "from the tool cache" : "installed"}.`);
    stop.signal.throwIfAborted();

    controlFolder = createControlFolder();
    saveState("controlFolder", controlFolder);
    const result = await play({
      ...{ inputs, project, files, folder, controlFolder, ansible },
      actionRoot: ACTION_ROOT,
      redact: mask.redact,
      signal: stop.signal,
    });
    outcome = outcomeOf(result, stop.reason, { inputs, unopened: unopenedFiles(inputs, project, bases) });
  } catch (error) {
    outcome = earlyOutcome(messageOf(error), stop.reason, inputs);
  }
  stop.settle();
  // Secrets go before anything else is said or done.
  await removeTraces({ privateFolder: folder?.path ?? "", controlFolder: "" });
  await publish(outcome, {
    inputs: inputs ?? { check: false, operation: "deploy" },
    summary: inputs?.summary ?? true,
    ansibleVersion: ansible?.version ?? "",
    durationSeconds: Math.round((Date.now() - started) / 1000),
    redact: mask.redact,
  });
  await removeTraces({ privateFolder: "", controlFolder });
  if (outcome.status !== "succeeded") core.setFailed(mask.redact(outcome.error));
}
