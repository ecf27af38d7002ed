import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { missing } from "../inputs/missing.js";
import { startBackground } from "../process/background.js";
import { helperEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";
import type { PrivateFolder } from "../secrets/private-folder.js";
import { repairKeys } from "../secrets/private-key.js";
import { AGENT_PID, AGENT_SOCKET } from "./control-folder.js";

/** Who the action is for the hosts. */
export interface Identity {
  /** Absolute paths of key files, in the order in which they are offered; none when an agent holds them. */
  readonly keyFiles: readonly string[];
  /** Absolute path of the socket of the action's own agent, which need not run yet; "" when no key is given. */
  readonly agentSocket: string;
  /** The first key's line for authorized_keys; "" when the key is not the action's. */
  readonly publicKey: string;
  readonly repairs: readonly string[];
}

const NONE: Identity = { keyFiles: [], agentSocket: "", publicKey: "", repairs: [] };

/**
 * Writes the keys into the private folder, or, when one of them has a passphrase, adds them to an agent that lives as
 * long as its socket's folder. Every key is tried first, so that a broken one is named before any host is asked.
 *
 * @param inputs without `ssh-private-key` the job's own agent and the runner's own keys stay in charge.
 * @param controlFolder where the agent's socket is made.
 * @throws DeployError when a key is none, is damaged, or its passphrase is missing or wrong.
 */
export async function prepareIdentity(
  inputs: Pick<Inputs, "sshPrivateKey" | "sshPrivateKeyPassphrase" | "timeoutMinutes" | "emptySecrets">,
  folder: PrivateFolder,
  controlFolder: string,
  signal?: AbortSignal,
): Promise<Identity> {
  const { sshPrivateKey, sshPrivateKeyPassphrase: passphrase } = inputs;
  if (sshPrivateKey === "") return NONE;
  const { keys, repairs } = repairKeys(sshPrivateKey);
  const files = keys.map((text, index) => folder.file(index === 0 ? "key" : `key-${index + 1}`, text));
  const judged = await Promise.all(files.map((file) => judge(file, signal)));
  judged.forEach(({ problem }, index) => {
    refuse(problem, keys.length > 1 ? `ssh-private-key (key ${index + 1} of ${keys.length})` : "ssh-private-key");
  });
  if (!judged.some(({ problem }) => problem === PROTECTED)) {
    const unused = passphrase === "" ? [] : ["it has no passphrase, so ssh-private-key-passphrase was not used"];
    const publicKey = judged[0]?.publicKey ?? "";
    // By these ssh asks the agent for a key whose own file is gone.
    files.forEach((file, index) => {
      folder.file(`${basename(file)}.pub`, `${judged[index]?.publicKey}\n`);
    });
    const agentSocket = join(controlFolder, AGENT_SOCKET);
    return { keyFiles: files, agentSocket, publicKey, repairs: [...repairs, ...unused] };
  }
  if (passphrase === "") {
    throw new DeployError(
      `ssh-private-key is protected by a passphrase and ${missing("ssh-private-key-passphrase", inputs)}: set it, or give a key for deployments that has none.`,
    );
  }
  const agentSocket = await startAgent(controlFolder);
  await addKeys(files, passphrase, agentSocket, folder, lifetime(inputs), signal);
  const held = await run(["ssh-add", "-L"], {
    env: helper({ SSH_AUTH_SOCK: agentSocket }),
    timeout: 5_000,
    signal,
  });
  return { keyFiles: [], agentSocket, publicKey: held.stdout.split("\n")[0]?.trim() ?? "", repairs };
}

/**
 * Moves keys from their files into the agent, for what is left to do after a run was ended. Where that fails they stay
 * until clean-up.
 */
export async function keysIntoAgent({ keyFiles, agentSocket }: Identity): Promise<void> {
  if (keyFiles.length === 0) return;
  try {
    const socket = await startAgent(dirname(agentSocket));
    const env = helper({ SSH_AUTH_SOCK: socket });
    for (const file of keyFiles) {
      const { code } = await run(["ssh-add", "-q", "-t", "60", file], { env, timeout: 2_000 });
      if (code === 0) rmSync(file);
    }
  } catch {
    // No agent on this runner.
  }
}

const helper = (more: Readonly<Record<string, string>> = {}) => helperEnvironment(process.env, more);

const PROTECTED = "protected";
const NO_PROGRAM = "no program";

/** What ssh-keygen says of a key: no problem when it is whole and open, {@link PROTECTED}, or its complaint. */
async function judge(
  file: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly problem: string; readonly publicKey: string }> {
  const { code, stdout, stderr } = await run(["ssh-keygen", "-y", "-P", "", "-f", file], {
    ...{ env: helper(), timeout: 10_000, signal },
  });
  if (code === 0) return { problem: "", publicKey: stdout.trim() };
  if (code === 127) return { problem: NO_PROGRAM, publicKey: "" };
  const complaint = stderr.trim().split("\n").at(-1)?.split(": ").at(-1)?.trim() || "unreadable";
  return { problem: /incorrect passphrase/i.test(stderr) ? PROTECTED : complaint, publicKey: "" };
}

function refuse(problem: string, name: string): void {
  if (problem === "" || problem === PROTECTED) return;
  if (problem === NO_PROGRAM) {
    throw new DeployError("The runner has no ssh-keygen: install openssh-client, which Ansible needs as well.");
  }
  throw new DeployError(
    `${name} is damaged (${problem}): it was probably cut off or changed when it was stored; store it again, for example with \`gh secret set SSH_PRIVATE_KEY < key\`.`,
  );
}

/** Starts an agent of the action's own. It ends with the control folder, also when the action was killed. */
async function startAgent(controlFolder: string): Promise<string> {
  const socket = join(controlFolder, AGENT_SOCKET);
  // In a session of its own: a cancel reaches the action's group, and going back still needs the keys.
  const agent = startBackground(["ssh-agent", "-D", "-a", socket], helper());
  if (agent.pid !== undefined) writeFileSync(join(controlFolder, AGENT_PID), String(agent.pid), { mode: 0o600 });
  for (let tries = 0; tries < 100 && agent.problem === ""; tries++) {
    if (existsSync(socket)) return socket;
    await pause(20);
  }
  throw new DeployError(
    `ssh-agent, which a key with a passphrase needs, did not start: ${agent.problem || "no socket"}.`,
  );
}

/** Seconds after which the agent forgets the keys by itself, also where nothing is left to end it: the run's, and five minutes. */
function lifetime({ timeoutMinutes }: Pick<Inputs, "timeoutMinutes">): number {
  return Math.ceil(timeoutMinutes * 60) + 300;
}

/** ssh-add asks a program for the passphrase, so that it stands in no command line. */
async function addKeys(
  files: readonly string[],
  passphrase: string,
  socket: string,
  folder: PrivateFolder,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [index, file] of files.entries()) {
    const secret = folder.file(`passphrase-${index}`, passphrase);
    // Once: ssh-add would ask for a wrong one again and again.
    const program = folder.file(`askpass-${index}`, '#!/bin/sh\ncat "$DAD_PASSPHRASE" && rm -f "$DAD_PASSPHRASE"\n');
    chmodSync(program, 0o700);
    const env = helper({
      SSH_AUTH_SOCK: socket,
      SSH_ASKPASS: program,
      SSH_ASKPASS_REQUIRE: "force",
      DISPLAY: ":0",
      DAD_PASSPHRASE: secret,
    });
    const { code } = await run(["ssh-add", "-q", "-t", String(seconds), file], { env, timeout: 10_000, signal });
    if (code !== 0) {
      throw new DeployError("ssh-private-key-passphrase does not open ssh-private-key: check the secret's value.");
    }
    for (const used of [file, secret, program]) rmSync(used, { force: true });
  }
}
