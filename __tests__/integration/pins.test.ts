import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UV_VERSION } from "../../src/toolchain/uv-release.js";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("the pinned uv", () => {
  const lock = read("uv-requirements.lock");
  const onHosts = read("ansible_collections/django_ansible/deploy/plugins/module_utils/build/uv.py");

  it("has one version on the runner and on the hosts", () => {
    expect(lock).toContain(`uv==${UV_VERSION}`);
    expect(onHosts).toContain(`VERSION = "${UV_VERSION}"`);
  });

  it("is trusted on the hosts by hashes that the runner's lock has", () => {
    const hashes = onHosts.match(/"[0-9a-f]{64}"/g) ?? [];
    expect(hashes.length).toBeGreaterThan(0);
    for (const hash of hashes) expect(lock).toContain(`sha256:${hash.slice(1, -1)}`);
  });
});
