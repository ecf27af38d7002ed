import { rmSync } from "node:fs";
import * as core from "@actions/core";
import { ansibleArguments } from "../ansible/arguments.js";
import { runProcess } from "../process/run.js";
import type { Play } from "./prepare.js";

/** Milliseconds for giving back: GitHub kills a cancelled step 10 s after its first signal. */
const GIVE_BACK_LIMIT = 4_500;

/**
 * After a run that was ended early: the hosts go back and the deploy lock goes, so that nobody has to by hand. The files
 * with secrets go as soon as Ansible has read them.
 */
export async function giveBack(run: Play): Promise<void> {
  const { cancelPlaybook } = run.files;
  if (cancelPlaybook === "") return;
  const argv = ansibleArguments(run.inputs, { ...run.files, playbook: cancelPlaybook });
  let output = "";
  const result = await runProcess(argv, {
    cwd: run.project.folder,
    env: run.env,
    signal: AbortSignal.timeout(GIVE_BACK_LIMIT),
    onOutput: (_, chunk) => {
      output = (output + chunk).slice(-OUTPUT_END);
      if (output.includes(run.playMarker)) removeSecrets(run);
    },
    grace: [100, 100],
  });
  if (result.code !== 0) {
    core.warning(
      "The deploy lock was not given back on every host: the next attempt of this workflow run takes it over, any other run after 15 minutes.",
    );
  }
}

/** Characters; the callback's marker may come in two pieces. */
const OUTPUT_END = 4_096;

function removeSecrets({ files, folder }: Play): void {
  const inventories = files.inventories.filter((path) => path.startsWith(folder.path));
  const passwords = [files.becomePassword, files.vaultPassword, ...Object.values(files.vaultPasswords)];
  for (const file of [files.variables, ...inventories, ...passwords]) if (file !== "") rmSync(file, { force: true });
}
