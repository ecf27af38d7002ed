import { createHash } from "node:crypto";
import { chmodSync, existsSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { DeployError } from "../errors.js";
import { extended, helperEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";
import { orStop } from "../process/stop.js";
import { readBytes } from "../read-file.js";
import type { Machine } from "./machine.js";
import { pipEnvironment } from "./package-index.js";
import type { Python } from "./python.js";
import { createToolFolder, isComplete } from "./tool-folder.js";
import { isUsableUv, UV_VERSION, type UvArchive, uvArchive } from "./uv-release.js";

/** Where uv may come from. The effects are parameters, so that each way can be tried alone. */
export interface UvSources {
  readonly machine: Machine;
  /** Interpreters whose pip is tried, in this order; undefined for one that does not work. */
  readonly pythons: readonly Promise<Python | undefined>[];
  readonly cacheRoot: string;
  /** uv-requirements.lock: the pinned hashes of uv's wheels. */
  readonly requirements: string;
  /** Downloads and unpacks a release archive, and returns the path of uv in it. */
  readonly fetchArchive: (archive: UvArchive, work: string, machine: Machine) => Promise<string>;
}

/**
 * Path of a usable uv: on PATH, in the tool cache, or fetched once: by pip, which follows the machine's own package
 * index, else from uv's releases. Both are pinned by hash.
 *
 * @throws DeployError when there is no way to get it.
 */
export async function findUv(sources: UvSources): Promise<string> {
  const { environment, arch, signal } = sources.machine;
  const onPath = await run(["uv", "--version"], { env: helperEnvironment(environment), timeout: 30_000, signal });
  if (onPath.code === 0 && isUsableUv(onPath.stdout)) return "uv";
  const folder = join(sources.cacheRoot, "django-ansible-deploy-uv", UV_VERSION, arch);
  const uv = join(folder, "uv");
  if (isComplete(folder) && existsSync(uv)) return uv;
  const problems: string[] = [];
  await createToolFolder(folder, async (work) => {
    const made = (await withPip(sources, work, problems)) ?? (await withArchive(sources, work, problems));
    if (made === undefined) {
      throw new DeployError(
        `uv, which installs Ansible, is not on PATH and could not be fetched (${problems.join("; ")}): install uv ${UV_VERSION} or pip on the runner.`,
      );
    }
    return made;
  });
  return uv;
}

async function withPip(sources: UvSources, work: string, problems: string[]): Promise<string | undefined> {
  const target = join(work, "pip");
  const tried = new Set<string>();
  for (const probe of sources.pythons) {
    const executable = (await probe)?.executable;
    if (executable === undefined || tried.has(executable)) continue;
    tried.add(executable);
    const { code, stderr } = await run(
      [
        executable,
        ...[
          "-m",
          "pip",
          "install",
          "--quiet",
          "--target",
          target,
          "--no-deps",
          "--only-binary",
          ":all:",
          "--no-compile",
        ],
        ...["--no-cache-dir", "--require-hashes", "--requirement", sources.requirements],
      ],
      {
        cwd: work,
        // pip unpacks in TMPDIR and moves: on the same file system that is a rename.
        env: extended(pipEnvironment(sources.machine.environment), { TMPDIR: work }),
        timeout: 180_000,
        signal: sources.machine.signal,
      },
    );
    const uv = join(target, "bin", "uv");
    if (code === 0 && existsSync(uv)) return alone(uv);
    const cause = /No module named pip\b/.test(stderr)
      ? "no pip"
      : (stderr.trim().split("\n").at(-1) ?? `code ${code}`);
    problems.push(`${executable}: ${cause}`);
  }
  return undefined;
}

async function withArchive(sources: UvSources, work: string, problems: string[]): Promise<string | undefined> {
  const { platform, arch, signal } = sources.machine;
  const archive = uvArchive(platform, arch);
  if (!archive) {
    problems.push(`no release of uv is pinned for ${platform} ${arch}`);
    return undefined;
  }
  signal?.throwIfAborted();
  try {
    return alone(await sources.fetchArchive(archive, work, sources.machine));
  } catch (error) {
    if (error instanceof DeployError || signal?.aborted) throw error;
    problems.push(`its release could not be downloaded: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Moves uv's program into a folder of its own, which is what is kept. */
function alone(uv: string): string {
  chmodSync(uv, 0o755);
  const folder = join(dirname(uv), "..", "uv-only");
  // The folder `bin` or the unpacked one holds uvx too; keeping it whole saves a copy.
  renameSync(dirname(uv), folder);
  return folder;
}

/** uv's archives have about 25 MB. */
const MOST_ARCHIVE_BYTES = 256 * 1024 * 1024;

/** Downloads a URL to a file. */
export type Download = (url: string, file: string) => Promise<string>;

/**
 * Downloads a release archive, checks its hash and unpacks it.
 *
 * @throws DeployError when the hash is another one: then nothing else may be tried silently.
 */
export async function fetchUvArchive(
  archive: UvArchive,
  work: string,
  { environment, signal }: Machine,
  download: Download = downloadLater,
): Promise<string> {
  const file = await orStop(download(archive.url, join(work, "uv.tar.gz")), signal);
  const sha256 = createHash("sha256")
    .update(readBytes({ path: file, name: "The download of uv" }, MOST_ARCHIVE_BYTES))
    .digest("hex");
  if (sha256 !== archive.sha256) {
    throw new DeployError(
      `The download of uv ${UV_VERSION} has the SHA-256 ${sha256} and not ${archive.sha256}: it was changed on the way, so look at the proxy or mirror between.`,
    );
  }
  const argv = ["tar", "-xzf", file, "-C", work] as const;
  const { code, stderr } = await run(argv, { env: helperEnvironment(environment), timeout: 60_000, signal });
  if (code !== 0) throw new Error(`tar ended with ${code}: ${stderr.trim()}`);
  return join(work, `uv-${archive.triple}`, "uv");
}

/** Rarely needed, and with an HTTP client of its own: it is loaded only then. */
const downloadLater: Download = async (url, file) => (await import("@actions/tool-cache")).downloadTool(url, file);
