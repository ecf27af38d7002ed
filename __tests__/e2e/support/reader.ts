import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The machine of somebody who follows a page: a home, with a key that opens the servers and their keys as compared before. */
export interface Reader {
  readonly home: string;
  /** Puts a program on the reader's PATH. */
  command(name: string, text: string): void;
  /**
   * Runs commands as a shell does that has nobody at it, and returns what they print.
   * @param input what the reader types
   */
  shell(text: string, cwd: string, input?: string): Promise<string>;
}

export function createReader(home: string, keyFile: string, knownHosts: string): Reader {
  const bin = join(home, "bin");
  for (const folder of [bin, join(home, ".ssh")]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, ".ssh/known_hosts"), `${knownHosts}\n`);
  writeFileSync(
    join(home, ".ssh/config"),
    `Host *\n  BatchMode yes\n  StrictHostKeyChecking yes\n  UserKnownHostsFile ${home}/.ssh/known_hosts\n  IdentityFile ${keyFile}\n`,
  );
  const command = (name: string, text: string): void => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  // ssh takes a user's folder from the system, not from HOME.
  for (const name of ["ssh", "scp"]) {
    command(name, `#!/bin/sh\nexec /usr/bin/${name} -F ${home}/.ssh/config "$@"\n`);
  }
  return {
    home,
    command,
    shell: (text, cwd, input = "") =>
      new Promise((resolve, reject) => {
        const env = { ...process.env, HOME: home, PATH: `${bin}:${process.env.PATH}` };
        const args = ["--wait", "bash", "-e", "-o", "pipefail", "-c", text];
        const child = execFile("setsid", args, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(new Error(`${text}\n${stdout}\n${stderr}`)),
        );
        child.stdin?.end(input);
      }),
  };
}
