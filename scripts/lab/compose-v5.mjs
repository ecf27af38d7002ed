import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCommands } from "./engine.mjs";
import { cacheFolder } from "./folders.mjs";
import { copyToHost } from "./hosts.mjs";
import { must } from "./shell.mjs";

const version = "v5.6.0";
/** Which builds it; newer than what distributions have. */
const toolchain = "go1.27.3";

/**
 * Builds compose 5, which no release of Debian has, once. Returns the program.
 * @param {(line: string) => void} say
 */
async function build(say) {
  const program = join(cacheFolder, `compose-${version}`);
  if (existsSync(program)) return program;
  await ensureCommands(["go"], say);
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "dad-compose-"));
  const options = { cwd: folder, env: { ...process.env, GOTOOLCHAIN: toolchain, CGO_ENABLED: "0" } };
  const flags = ["-trimpath", "-ldflags", `-s -w -X github.com/docker/compose/v5/internal.Version=${version}`];
  try {
    // `go install` refuses modules that exclude others, as this one does.
    await must(["go", "mod", "init", "lab/compose"], options);
    await must(["go", "get", `github.com/docker/compose/v5/cmd@${version}`], options);
    await must(["go", "build", ...flags, "-o", `${program}.partial`, "github.com/docker/compose/v5/cmd"], options);
    renameSync(`${program}.partial`, program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return program;
}

/**
 * Has a host's engine use compose 5.
 * @param {import("./hosts.mjs").Host} host
 * @param {(line: string) => void} [say]
 */
export async function useComposeV5(host, say = () => {}) {
  await copyToHost(host, await build(say), "/usr/libexec/docker/cli-plugins/docker-compose");
}
