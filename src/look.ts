import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DeployError, messageOf } from "./errors.js";
import { parseLoosely } from "./inputs/yaml.js";
import { helperEnvironment } from "./process/program-environment.js";
import { run } from "./process/run.js";
import { findDjango } from "./project/django.js";
import { type Libraries, type Looked, needsOf } from "./project/needs.js";
import { readText } from "./read-file.js";

/** The folder of action.yml, seen from dist/look/index.js. */
const ACTION_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COLLECTION = "ansible_collections/django_ansible/deploy";

/** `node dist/look/index.js [folder]`: prints what a checkout needs, without a host, and without running anything of it. */
async function look(folder: string): Promise<string[]> {
  const django = findDjango({ folder, workspace: folder });
  const module = `${COLLECTION}/plugins/module_utils/build/look`.replaceAll("/", ".");
  const argv = ["python3", "-m", module, folder, django.manageDir ?? ".", django.settingsModule ?? ""] as const;
  const env = helperEnvironment(process.env, { PYTHONDONTWRITEBYTECODE: "1" });
  const { code, stdout, stderr } = await run(argv, { cwd: ACTION_ROOT, env, timeout: 60_000 });
  if (code === 127) throw new DeployError("There is no python3 here: install Python 3.9 or newer.");
  if (code !== 0) throw new DeployError(`${stderr.trim().split("\n").at(-1)}.`);
  const path = join(ACTION_ROOT, COLLECTION, "roles/django_app/files/system_libraries.yml");
  const table = (parseLoosely(readText({ path, name: "system_libraries.yml" })) ?? []) as unknown as Libraries[];
  return needsOf(django, JSON.parse(stdout) as Looked, table);
}

look(resolve(process.argv[2] ?? ".")).then(
  (lines) => {
    console.log(lines.join("\n"));
    process.exitCode = lines.some((line) => line.startsWith("missing: ")) ? 1 : 0;
  },
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 2;
  },
);
