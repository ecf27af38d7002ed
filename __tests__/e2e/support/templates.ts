import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, must } from "../../../scripts/lab/index.mjs";
import { createProject, type Project } from "./project.js";
import type { Trial } from "./trial.js";

/** What writes the projects that nobody here wrote. */
const packages = ["django==5.2.19", "wagtail==8.0.1"];
const folder = join(cacheFolder, "templates");

/** How a program of the packages is started. By its interpreter: a script knows its place, and a cache may be copied. */
async function command(name: string): Promise<string[]> {
  const complete = join(folder, packages.join("-").replaceAll("=", ""));
  if (!existsSync(complete)) {
    await must(["python3", "-m", "venv", "--clear", folder]);
    await must([
      join(folder, "bin/python"),
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      ...packages,
    ]);
    writeFileSync(complete, "");
  }
  return [join(folder, "bin/python"), join(folder, "bin", name)];
}

/** A new repository with what `django-admin startproject` or `wagtail start` writes, and nothing else. */
export async function startProject(trial: Trial, program: "django-admin" | "wagtail", name: string): Promise<Project> {
  const made = join(trial.folder, `${name}-made`);
  mkdirSync(made);
  await must([...(await command(program)), program === "wagtail" ? "start" : "startproject", name], { cwd: made });
  return createProject(trial, join(made, name), name);
}
