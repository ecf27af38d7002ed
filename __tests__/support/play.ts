import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Play } from "../../src/play/play-parts.js";
import { helperEnvironment } from "../../src/process/program-environment.js";
import { PrivateFolder } from "../../src/secrets/private-folder.js";
import { createFolder } from "./folder.js";
import { createInputs } from "./inputs.js";
import { standIn } from "./waiting.js";

/** A run that can start, with a shell script in Ansible's place: `$4` is the program, and what it was started with is in `started()`. */
export function createPlay(script: string, change: (folder: string) => Partial<Play> = () => ({})) {
  const base = createFolder({ "work/empty": "", "temp/empty": "" });
  const python = join(base, "python");
  writeFileSync(python, `#!/bin/sh\necho "$@" >> '${base}/started'\nenv > '${base}/env'\n${script}\n`);
  chmodSync(python, 0o755);
  mkdirSync(join(base, "bin"));
  const folder = PrivateFolder.create(join(base, "temp"));
  const play: Play = {
    inputs: createInputs(),
    project: {
      ...{ folder: join(base, "work"), workspace: join(base, "work"), code: join(base, "work") },
      ...{ playbook: "/p/deploy.yml", composeSources: [], requirements: undefined },
      ...{ revision: undefined, django: undefined, cfg: undefined },
    },
    files: {
      ...{ python, playbook: "/p/deploy.yml", cancelPlaybook: "", inventories: ["/p/hosts.yml"] },
      ...{ variables: "/p/vars.json", becomePassword: "", vaultPassword: "", vaultPasswords: {} },
      ...{ sshConfig: "/p/ssh_config", standInVaultPassword: "" },
    },
    identity: { keyFiles: [], agentSocket: "", publicKey: "", repairs: [] },
    folder,
    controlFolder: base,
    ansible: { python, version: "2.21.5", cached: true, waiting: standIn(python, change(base).signal) },
    galaxy: undefined,
    actionRoot: process.cwd(),
    redact: (text) => text.replaceAll("s3cret", "***"),
    signal: new AbortController().signal,
    env: helperEnvironment({ PATH: `${join(base, "bin")}:${process.env.PATH}`, HOME: base }),
    eventsFile: join(folder.path, "events.jsonl"),
    outputFile: join(folder.path, "output"),
    playMarker: "marker",
    ...change(base),
  };
  const lines = (name: string): string[] =>
    existsSync(join(base, name))
      ? readFileSync(join(base, name), "utf8")
          .split("\n")
          .filter((line) => line !== "")
      : [];
  return { play, base, started: () => lines("started"), lines };
}
