import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { ensureAnsible, lockedVersion, pythonsFor } from "../../src/toolchain/install.js";
import { thisMachine } from "../../src/toolchain/machine.js";
import { AnsibleStore } from "../../src/toolchain/store.js";
import { createToolFolder, discardToolFolder } from "../../src/toolchain/tool-folder.js";
import { UV_VERSION } from "../../src/toolchain/uv-release.js";
import { createFolder } from "../support/folder.js";

const lock = readFileSync("ansible.lock", "utf8");

describe("ansible.lock", () => {
  it("has the two cores of ansible.in, for every Python from 3.11 on", () => {
    expect(lockedVersion(lock, { version: [3, 11, 9] })).toBe("2.19.14");
    for (const minor of [12, 13, 14]) expect(lockedVersion(lock, { version: [3, minor, 0] })).toBe("2.21.5");
    expect(() => lockedVersion("", { version: [3, 12, 0] })).toThrow(/^ansible\.lock names no ansible-core/);
  });

  it.each(["ansible.lock", "uv-requirements.lock"])("%s is exact, hashed and names no host", (name) => {
    const text = readFileSync(name, "utf8");
    const packages = text.match(/^[a-z][\w.-]*==.*(?:\n {4}--hash=sha256:[0-9a-f]{64}(?: \\)?)+$/gm) ?? [];
    expect(packages.length).toBe((text.match(/^\w/gm) ?? []).length);
    expect(text).not.toMatch(/:\/\/|index/);
  });

  it("uv-requirements.lock is of the version that the code expects", () => {
    expect(readFileSync("uv-requirements.lock", "utf8")).toContain(`uv==${UV_VERSION} \\\n`);
  });
});

describe("pythonsFor", () => {
  it.each([
    ["", [11, 12, 13, 14]],
    ["2.19.14", [11, 12, 13]],
    ["2.21.5", [12, 13, 14]],
    ["2.22.0rc1", [13, 14]],
    ["2.23.0", [13, 14]],
  ])("knows which Pythons ansible-core %s runs on", (version, expected) => {
    const pythons = [11, 12, 13, 14].map((minor) => ({ version: [3, minor, 0] as const }));
    expect(pythonsFor(version, pythons).map(({ version: [, minor] }) => minor)).toEqual(expected);
  });
});

describe("ensureAnsible", () => {
  it("says so where neither the tool cache nor the folder for temporary files may be written to", async () => {
    const file = join(createFolder({ file: "" }), "file");
    const machine = thisMachine({ PATH: "/nowhere", RUNNER_TOOL_CACHE: join(file, "cache"), RUNNER_TEMP: file });
    await expect(ensureAnsible(process.cwd(), { ansibleVersion: "", pythonPackages: [] }, machine)).rejects.toThrow(
      /^Ansible has no place on this runner: its user may write neither to the tool cache nor to RUNNER_TEMP \(/,
    );
  });

  it.each(["before", "meanwhile"])("leaves nothing in the tool cache when it is ended %s", async (when) => {
    const root = createFolder();
    const bin = createFolder({
      uv: `#!/bin/sh\ncase $1 in --version) echo "uv ${UV_VERSION}";; *) mkdir -p "$8/half"; touch ${root}/installing; sleep 30;; esac\n`,
      python3: "#!/bin/sh\nprintf 'CPython\\t3\\t12\\t1\\t/usr/bin/python3.12\\t/usr/bin/python3.12\\n'\n",
    });
    for (const name of ["uv", "python3"]) chmodSync(join(bin, name), 0o755);
    const stop = new AbortController();
    if (when === "before") stop.abort();
    const machine = thisMachine({ PATH: `${bin}:/usr/bin:/bin`, RUNNER_TOOL_CACHE: root }, stop.signal);
    const done = ensureAnsible(process.cwd(), { ansibleVersion: "", pythonPackages: [] }, machine);
    const ended = expect(done).rejects.toThrow();
    if (when === "meanwhile") await vi.waitFor(() => expect(readdirSync(root)).toContain("installing"), 10_000);
    stop.abort();
    await ended;
    const left = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name !== "installing");
    expect(left.filter((name) => !/^django-ansible-deploy-ansible(\/[^/]+)?$/.test(name))).toEqual([]);
  });
});

describe("AnsibleStore", () => {
  it("remembers an environment for as long as lock, interpreters and environment are the same", async () => {
    const bin = createFolder({ python3: "x" });
    const candidates = [join(bin, "python3")];
    const root = createFolder();
    const store = new AnsibleStore(root, "lock", candidates);
    expect(store.isEmpty()).toBe(true);
    expect(store.known()).toBeUndefined();

    const { folder } = store.place("2.21.5", { path: "/usr/bin/python3.12", version: [3, 12, 1] });
    await createToolFolder(folder, async (work) => {
      mkdirSync(join(work, "made"));
      return join(work, "made");
    });
    const ansible = { python: join(folder, "bin", "python"), version: "2.21.5" };
    store.remember(ansible);

    expect(new AnsibleStore(root, "lock", candidates).known()).toEqual(ansible);
    expect(new AnsibleStore(root, "lock", candidates).isEmpty()).toBe(false);
    expect(new AnsibleStore(root, "other lock", candidates).known()).toBeUndefined();
    expect(new AnsibleStore(root, "other lock", candidates).isEmpty()).toBe(true);
    expect(new AnsibleStore(root, "lock", []).known()).toBeUndefined();
    discardToolFolder(folder);
    expect(store.known()).toBeUndefined();
  });

  it("believes no memory of a Python that lies elsewhere", async () => {
    const root = createFolder();
    const store = new AnsibleStore(root, "lock", []);
    const elsewhere = createFolder({ ".complete": "", "bin/python": "" });
    store.remember({ python: join(elsewhere, "bin", "python"), version: "2.21.5" });
    expect(store.known()).toBeUndefined();
  });

  it("has another folder for another interpreter", () => {
    const store = new AnsibleStore(createFolder(), "lock", []);
    const place = (path: string, patch: number) => store.place("2.21.5", { path, version: [3, 12, patch] }).folder;
    expect(new Set([place("/a", 1), place("/b", 1), place("/a", 2)]).size).toBe(3);
  });
});
