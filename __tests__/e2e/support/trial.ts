import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { down, type Host, makeKey, type Suite, up } from "../../../scripts/lab/index.mjs";

/** The hosts, the SSH key and the folders of one test file. Nothing of it outlives `end`. */
export interface Trial {
  name: string;
  /** What only the test may see: secrets on their way into the runner, logs on their way out. */
  folder: string;
  /** The runner's home and temporary folder, where a leak would show. */
  home: string;
  temp: string;
  key: { file: string; text: string; publicKey: string };
  started: number;
  host(request: HostOptions): Promise<Host>;
  end(): Promise<void>;
}

export interface HostOptions {
  name: string;
  suite: Suite;
  kind: "base" | "ready" | "engine";
  /** Password that sudo asks `deploy` for. */
  password?: string;
  ports?: number[];
}

/** Names of containers and networks begin with it, so that runs do not meet and `npm test` finds what a dead one left. */
const run = process.env.DAD_E2E_RUN ?? randomBytes(2).toString("hex");

export async function startTrial(topic: string): Promise<Trial> {
  const name = `e2e-${run}-${topic}`;
  const folder = mkdtempSync(join(tmpdir(), `dad-${topic}-`));
  const home = join(folder, "home");
  const temp = join(folder, "tmp");
  for (const path of [home, temp]) mkdirSync(path);
  const key = await makeKey(folder);
  return {
    name,
    folder,
    home,
    temp,
    key,
    started: Date.now(),
    host: (request) => up({ test: name, authorizedKeys: [key.publicKey], ...request }, console.log),
    end: async () => {
      await down(name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A secret of its own, recognizable wherever it turns up. */
export const secret = (name: string): string => `${name}-${randomBytes(9).toString("hex")}`;

/** Writes a file that only the test may read. */
export function writeSecret(trial: Trial, name: string, text: string): string {
  const file = join(trial.folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
