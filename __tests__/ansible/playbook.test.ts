import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { bundledPlaybooks } from "../../src/ansible/playbook.js";
import { PrivateFolder } from "../../src/secrets/private-folder.js";
import { createFolder, createGround } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";

const ROOT = join(import.meta.dirname, "../..");

describe("bundledPlaybooks", () => {
  it.each([
    [{ mode: "role" }, "role.yml", "cancel.yml"],
    [{ mode: "container" }, "container.yml", "container_cancel.yml"],
    [{ mode: "container", operation: "rollback" }, "container_rollback.yml", "container_cancel.yml"],
    [{ mode: "container", operation: "status" }, "container_status.yml", ""],
    [{ operation: "rollback" }, "rollback.yml", "cancel.yml"],
    [{ operation: "status" }, "status.yml", ""],
    [{ check: true }, "role.yml", ""],
  ] as const)("of %j is %s, on a cancel %j", (overrides, playbook, cancel) => {
    const project = createGround({ "group_vars/all.yml": "a: 1" });
    vi.stubEnv("RUNNER_TEMP", createFolder());
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const folder = PrivateFolder.create();
    const made = bundledPlaybooks(createInputs(overrides), ROOT, project, folder);
    expect([basename(made.playbook), basename(made.cancelPlaybook)]).toEqual([playbook, cancel]);
    const own = join(ROOT, "ansible_collections/django_ansible/deploy/playbooks", playbook);
    expect(readFileSync(made.playbook, "utf8")).toBe(readFileSync(own, "utf8"));
    expect(readlinkSync(join(dirname(made.playbook), "group_vars"))).toBe(join(project.folder, "group_vars"));
    expect(existsSync(join(dirname(made.playbook), "host_vars"))).toBe(false);
  });
});
