import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ProgramEnvironment } from "../process/program-environment.js";
import { readText } from "../read-file.js";
import { parsePipConf, uvEnvironment } from "./package-index.js";

/** The environment for uv on this machine: {@link uvEnvironment} with the machine's pip.conf files. */
export function uvEnvironmentHere(job: Readonly<Record<string, string | undefined>>): ProgramEnvironment {
  const home = homedir();
  // pip's own order, from site to user; PIP_CONFIG_FILE comes last (pip documentation, "Configuration").
  const files = [
    "/etc/pip.conf",
    ...(job.XDG_CONFIG_DIRS ?? "/etc/xdg").split(":").map((folder) => join(folder, "pip", "pip.conf")),
    join(home, ".pip", "pip.conf"),
    join(home, "Library", "Application Support", "pip", "pip.conf"),
    join(job.XDG_CONFIG_HOME || join(home, ".config"), "pip", "pip.conf"),
    job.PIP_CONFIG_FILE ?? "",
  ];
  const settings = new Map(files.flatMap((file) => [...parsePipConf(readable(file))]));
  const uvHasConfig = [join(job.XDG_CONFIG_HOME || join(home, ".config"), "uv", "uv.toml"), "/etc/uv/uv.toml"].some(
    existsSync,
  );
  return uvEnvironment(job, settings, uvHasConfig);
}

function readable(file: string): string {
  try {
    return file === "" ? "" : readText({ path: file, name: file });
  } catch {
    return "";
  }
}
