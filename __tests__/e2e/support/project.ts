import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { must, projectFolder } from "../../../scripts/lab/index.mjs";
import { tool } from "./tools.js";
import { type Trial, writeSecret } from "./trial.js";

/** A user's repository, checked out beside the runner. */
export interface Project {
  folder: string;
  read(file: string): string;
  write(file: string, text: string): void;
  remove(path: string): void;
  /** Encrypts a file in place with ansible-vault. */
  encrypt(file: string, password: string): Promise<void>;
  /** Commits everything and returns the commit. */
  commit(message: string): Promise<string>;
  /** Puts the files of a commit into the folder, as a checkout of it has them. */
  checkOut(commit: string): Promise<void>;
}

/** Copies a folder, relative to this project or absolute, into a repository of its own. */
export async function createProject(trial: Trial, from: string, name = "mysite"): Promise<Project> {
  const folder = join(trial.folder, name);
  cpSync(resolve(projectFolder, from), folder, { recursive: true });
  const git = (...args: string[]): Promise<string> =>
    must([
      "git",
      "-C",
      folder,
      "-c",
      "user.name=Test",
      "-c",
      "user.email=test@example.org",
      "-c",
      "commit.gpgSign=false",
      ...args,
    ]);
  await git("init", "--quiet", "--initial-branch", "main");
  await git("remote", "add", "origin", `https://github.com/example/${name}.git`);
  return {
    folder,
    read: (file) => readFileSync(join(folder, file), "utf8"),
    write: (file, text) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    encrypt: async (file, password) => {
      const passwordFile = writeSecret(trial, "vault-password", password);
      await must([tool("ansible-vault"), "encrypt", "--vault-password-file", passwordFile, join(folder, file)]);
      rmSync(passwordFile);
    },
    commit: async (message) => {
      await git("add", "--all");
      await git("commit", "--quiet", "--message", message);
      return git("rev-parse", "HEAD");
    },
    checkOut: async (commit) => {
      await git("checkout", "--quiet", "--force", commit);
    },
  };
}
