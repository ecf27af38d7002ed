import { rmSync } from "node:fs";
import { warn } from "../announce.js";
import { ansibleArguments } from "../ansible/arguments.js";
import { keysIntoAgent } from "../connection/identity.js";
import { run as runProgram } from "../process/run.js";
import type { Play } from "./play-parts.js";

/** Milliseconds after a cancel at which what is secret is gone, also where Ansible has not read it yet. */
const SECRETS_LIMIT = 2_700;

/** Milliseconds for giving back, and those after a cancel at which it ends: GitHub kills a step 10 s after its first signal. */
const GIVE_BACK_LIMIT = 4_500;
const GIVE_BACK_END = 6_500;
const GRACE = [100, 100] as const;

/** Characters; the callback's marker may come in two pieces. */
const OUTPUT_END = 4_096;

/** What is done when a run is ended early. It begins with the signal, while Ansible still ends. */
export class Cancel {
  readonly #run: Play;
  #given = 0;
  #keys: Promise<void> = Promise.resolve();
  #deadline: NodeJS.Timeout | undefined;

  constructor(run: Play) {
    this.#run = run;
    run.signal.addEventListener("abort", this.#begin, { once: true });
  }

  readonly #begin = (): void => {
    this.#given = Date.now();
    // Ansible has read its secrets by then; a connection that is still to be made gets its key from the agent.
    this.#keys = keysIntoAgent(this.#run.identity);
    this.#deadline = setTimeout(() => {
      removeSecrets(this.#run);
      remove(this.#run.identity.keyFiles);
    }, SECRETS_LIMIT);
  };

  /**
   * After Ansible has ended: the hosts go back and the deploy lock goes, so that nobody has to by hand. The files with
   * secrets go as soon as Ansible has read them.
   */
  async finish(): Promise<void> {
    await this.#keys;
    const { cancelPlaybook } = this.#run.files;
    if (cancelPlaybook !== "" && !(await this.#giveBack(cancelPlaybook))) {
      warn(
        "The deploy lock was not given back on every host: those that hear no more of this run roll back by themselves and free it within a minute.",
      );
    }
    clearTimeout(this.#deadline);
  }

  async #giveBack(playbook: string): Promise<boolean> {
    const run = this.#run;
    let output = "";
    const { code } = await runProgram(ansibleArguments(run.inputs, { ...run.files, playbook }), {
      cwd: run.project.folder,
      env: run.env,
      timeout: Math.min(GIVE_BACK_LIMIT, Math.max(0, this.#given + GIVE_BACK_END - Date.now())),
      grace: GRACE,
      leashed: true,
      onOutput: (_, chunk) => {
        output = (output + chunk).slice(-OUTPUT_END);
        if (output.includes(run.playMarker)) removeSecrets(run);
      },
    });
    return code === 0;
  }
}

/** Removes the files with secrets that only Ansible's start needs. */
function removeSecrets({ files, folder }: Play): void {
  const inventories = files.inventories.filter((path) => path.startsWith(folder.path));
  const passwords = [files.becomePassword, files.vaultPassword, ...Object.values(files.vaultPasswords)];
  remove([files.variables, ...inventories, ...passwords]);
}

function remove(files: readonly string[]): void {
  for (const file of files) if (file !== "") rmSync(file, { force: true });
}
