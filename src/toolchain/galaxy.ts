import { createHash } from "node:crypto";
import { join } from "node:path";
import { DeployError } from "../errors.js";
import type { Value } from "../inputs/inputs.js";
import { isMapping } from "../inputs/yaml.js";
import { jobEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";
import type { Requirements } from "../project/inspect.js";
import type { PrivateFolder } from "../secrets/private-folder.js";
import type { Ansible } from "./store.js";
import { createToolFolder, isComplete, isWritable, toolCacheRoot } from "./tool-folder.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Absolute paths of what a requirements file brought. */
export interface GalaxyFolders {
  readonly collections: string;
  readonly roles: string;
}

/** What is needed to install the requirements of a project. */
export interface GalaxyParts {
  readonly requirements: Requirements | undefined;
  /** working-directory as an absolute path. */
  readonly project: string;
  readonly ansible: Ansible;
  readonly folder: PrivateFolder;
  /** The job's environment. */
  readonly job: Environment;
  readonly signal: AbortSignal;
}

/**
 * Installs the roles and collections of a Galaxy requirements file, apart from those of the job. With exact versions they
 * are kept in the tool cache, by the file's content, so that the second time no network is needed; otherwise each run
 * fetches them anew.
 *
 * @throws DeployError when ansible-galaxy fails.
 */
export async function installRequirements(parts: GalaxyParts): Promise<GalaxyFolders | undefined> {
  if (parts.requirements === undefined) return undefined;
  const { path: file, text, content } = parts.requirements;
  const key = createHash("sha256").update(`${parts.ansible.version}\n${text}`).digest("hex").slice(0, 16);
  const kept = join(toolCacheRoot(parts.job), "django-ansible-deploy-galaxy", key);
  const isKept = isPinned(content);
  if (isKept && isComplete(kept)) return foldersIn(kept);
  if (!isKept || !isWritable(kept)) {
    const folder = parts.folder.folder("galaxy");
    await install(file, folder, parts);
    return foldersIn(folder);
  }
  await createToolFolder(kept, async (work) => {
    await install(file, work, parts);
    return work;
  });
  return foldersIn(kept);
}

const foldersIn = (folder: string): GalaxyFolders => ({
  collections: join(folder, "collections"),
  roles: join(folder, "roles"),
});

/** Whether every role and collection has one version and comes from a server, so that the text says what will be there. */
function isPinned(content: Value): boolean {
  const lists = Array.isArray(content) ? [content] : isMapping(content) ? [content.roles, content.collections] : [];
  return lists
    .flatMap((list) => (Array.isArray(list) ? (list as Value[]) : []))
    .every((entry) => {
      if (!isMapping(entry)) return false;
      const { version, type, name, source, src } = entry;
      const isLocal = [name, source, src].some((place) => /^(\.{0,2}\/|file:)/.test(String(place ?? "")));
      return /^v?\d+\.\d\S*$|^[0-9a-f]{40}$/.test(String(version ?? "")) && type !== "dir" && !isLocal;
    });
}

async function install(file: string, folder: string, { project, ansible, job, signal }: GalaxyParts): Promise<void> {
  const { collections, roles } = foldersIn(folder);
  // The job's configuration stays in charge of servers and tokens; only the places are the action's.
  const env = jobEnvironment(job, {
    ANSIBLE_COLLECTIONS_PATH: collections,
    ANSIBLE_ROLES_PATH: roles,
    ANSIBLE_NOCOLOR: "true",
  });
  const argv = [ansible.python, "-P", "-m", "ansible", "galaxy", "install", "--role-file", file] as const;
  const { code, stdout, stderr } = await run([...argv], { cwd: project, env, timeout: 600_000, signal, leashed: true });
  if (code !== 0) throw new DeployError(`requirements could not be installed: ${lastError(`${stdout}\n${stderr}`)}.`);
}

function lastError(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const error = lines.find((line) => /^(\[?ERROR|fatal:)/.test(line)) ?? lines.findLast((line) => line !== "") ?? "";
  return (
    error
      .replace(/^\[?ERROR[\]!]?:?\s*/, "")
      .replace(/\.$/, "")
      .slice(0, 400) || "ansible-galaxy gave no reason"
  );
}
