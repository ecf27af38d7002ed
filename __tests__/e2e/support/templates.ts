import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, must } from "../../../scripts/lab/index.mjs";
import { createProject, type Project } from "./project.js";
import { tool } from "./tools.js";
import type { Trial } from "./trial.js";

/** A program that writes projects, the packages that bring it, and what it is told before the project's name. */
const writers = {
  "django-admin": { packages: ["django==5.2.19", "wagtail==8.0.1"], before: ["startproject"], after: [] },
  wagtail: { packages: ["django==5.2.19", "wagtail==8.0.1"], before: ["start"], after: [] },
  coderedcms: { packages: ["coderedcms==6.0.0"], before: ["start"], after: [] },
  "mezzanine-project": { packages: ["mezzanine==6.1.1", "setuptools<81"], before: [], after: [] },
  boiler: { packages: ["django-drf-boilerplate==0.1.1"], before: ["new"], after: ["--all"] },
  "django-starter": {
    packages: ["django-api-starter==0.2.0"],
    before: ["new", "--yes", "--database", "postgres", "--celery"],
    after: [],
  },
} as const;

/** A new repository with what such a program writes, and nothing else. */
export async function startProject(trial: Trial, program: keyof typeof writers, name: string): Promise<Project> {
  const { packages, before, after } = writers[program];
  const made = join(trial.folder, `${name}-made`);
  mkdirSync(made);
  await must([...(await programOf(program, packages)), ...before, name, ...after], { cwd: made });
  return createProject(trial, join(made, name), name);
}

/** How a program of packages is started. By its interpreter: a script knows its place, and a cache may be copied. */
export async function programOf(name: string, packages: readonly string[]): Promise<string[]> {
  const hash = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 12);
  const folder = join(cacheFolder, "templates", hash);
  const [complete, python] = [join(folder, "complete"), join(folder, "bin/python")];
  if (!existsSync(complete)) {
    await must(["python3", "-m", "venv", "--clear", folder]);
    await must([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
    writeFileSync(complete, "");
  }
  return [python, join(folder, "bin", name)];
}

/** The source distribution of a package, unpacked: what its authors have in their repository. */
export async function source(name: string, version: string): Promise<string> {
  const folder = join(cacheFolder, "sources", `${name}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(cacheFolder, "sources"), { recursive: true });
  const partial = mkdtempSync(join(cacheFolder, "sources", ".partial-"));
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:"];
  await must([tool("pip"), "download", ...options, "--dest", partial, `${name}==${version}`]);
  const archive = readdirSync(partial).find((file) => file.endsWith(".tar.gz")) ?? "nothing";
  mkdirSync(join(partial, "files"));
  await must(["tar", "-xzf", join(partial, archive), "--strip-components", "1", "-C", join(partial, "files")]);
  renameSync(join(partial, "files"), folder);
  rmSync(partial, { recursive: true });
  return folder;
}
