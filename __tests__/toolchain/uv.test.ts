import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { thisMachine } from "../../src/toolchain/machine.js";
import { fetchUvArchive, findUv, type UvSources } from "../../src/toolchain/uv.js";
import { isUsableUv, UV_VERSION, uvArchive } from "../../src/toolchain/uv-release.js";
import { createFolder } from "../support/folder.js";

/** A python whose pip "installs" a uv, or fails. */
function createPython(pip: string): Promise<{ path: string; executable: string; version: [number, number, number] }> {
  const folder = createFolder({ python: `#!/bin/sh\n${pip}\n` });
  chmodSync(join(folder, "python"), 0o755);
  return Promise.resolve({ path: "/p", executable: join(folder, "python"), version: [3, 12, 1] });
}

const INSTALLS = `PATH=/usr/bin:/bin; mkdir -p "$6/bin"; echo '#!/bin/sh' > "$6/bin/uv"`;

const machineWith = (path: string) => thisMachine({ PATH: path });

function sources(overrides: Partial<UvSources>): UvSources {
  return {
    machine: machineWith("/nowhere"),
    pythons: [],
    cacheRoot: createFolder(),
    requirements: "/action/uv-requirements.lock",
    fetchArchive: async () => Promise.reject(new Error("no network")),
    ...overrides,
  };
}

describe("findUv", () => {
  it("takes one on PATH when it is new enough", async () => {
    const folder = createFolder({ uv: "#!/bin/sh\necho 'uv 0.11.1 (abc)'\n" });
    chmodSync(join(folder, "uv"), 0o755);
    expect(await findUv(sources({ machine: machineWith(`${folder}:/bin`) }))).toBe("uv");
  });

  it("asks pip of each Python until one has it, and keeps it", async () => {
    const parts = sources({
      pythons: [
        Promise.resolve(undefined),
        createPython("echo 'No module named pip' >&2; exit 1"),
        createPython(INSTALLS),
      ],
    });
    const uv = await findUv(parts);
    expect(uv).toBe(join(parts.cacheRoot, "django-ansible-deploy-uv", UV_VERSION, process.arch, "uv"));
    expect(readFileSync(uv, "utf8")).toBe("#!/bin/sh\n");
    expect(await findUv({ ...parts, pythons: [] })).toBe(uv);
  });

  it("falls back to the release archive", async () => {
    const parts = sources({
      fetchArchive: async (archive, work) => {
        expect(archive.url).toContain(`/${UV_VERSION}/uv-`);
        mkdirSync(join(work, "archive"));
        writeFileSync(join(work, "archive", "uv"), "from archive");
        return join(work, "archive", "uv");
      },
    });
    expect(readFileSync(await findUv(parts), "utf8")).toBe("from archive");
  });

  it("says what to install when there is no way", async () => {
    const pythons = [createPython("echo 'ERROR: No matching distribution found' >&2; exit 1")];
    await expect(findUv(sources({ pythons }))).rejects.toThrow(
      /^uv, which installs Ansible, is not on PATH and could not be fetched \(\/.*: ERROR: No matching distribution found; its release could not be downloaded: no network\): install uv \S+ or pip on the runner\.$/,
    );
  });
});

describe("fetchUvArchive", () => {
  const TRIPLE = "x86_64-unknown-linux-gnu";
  function createArchive(): { file: string; sha256: string } {
    const folder = createFolder({ [`uv-${TRIPLE}/uv`]: "program" });
    const file = join(folder, "uv.tar.gz");
    execFileSync("tar", ["-czf", file, "-C", folder, `uv-${TRIPLE}`]);
    return { file, sha256: createHash("sha256").update(readFileSync(file)).digest("hex") };
  }

  it("unpacks an archive of the pinned hash", async () => {
    const { file, sha256 } = createArchive();
    const uv = await fetchUvArchive(
      { triple: TRIPLE, sha256, url: "u" },
      createFolder(),
      thisMachine(process.env),
      async () => file,
    );
    expect(readFileSync(uv, "utf8")).toBe("program");
  });

  it("refuses another one", async () => {
    const { file } = createArchive();
    const fetched = fetchUvArchive(
      { triple: TRIPLE, sha256: "0".repeat(64), url: "u" },
      createFolder(),
      thisMachine(process.env),
      async () => file,
    );
    await expect(fetched).rejects.toThrow(
      /has the SHA-256 [0-9a-f]{64} and not 0{64}: it was changed on the way, so look at/,
    );
  });
});

describe("uvArchive", () => {
  it("pins Linux and macOS on x64 and arm64", () => {
    for (const platform of ["linux", "darwin"]) {
      for (const arch of ["x64", "arm64"]) expect(uvArchive(platform, arch)?.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(uvArchive("win32", "x64")).toBeUndefined();
  });
});

describe("isUsableUv", () => {
  it.each([
    ["uv 0.12.5 (x86_64-unknown-linux-gnu)", true],
    ["uv 0.11.0", true],
    ["uv 1.0.0", true],
    ["uv 0.10.12 (abc)", false],
    ["", false],
  ])("judges %j", (text, expected) => {
    expect(isUsableUv(text)).toBe(expected);
  });
});
