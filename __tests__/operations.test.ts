import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OPERATION_NAMES, OPERATIONS } from "../src/operations.js";

const PLAYBOOKS = join(import.meta.dirname, "../ansible_collections/django_ansible/deploy/playbooks");

describe("the table of operations", () => {
  it.each(OPERATION_NAMES)("has a playbook for %s in both modes", (name) => {
    for (const playbook of Object.values(OPERATIONS[name].playbooks)) {
      expect(existsSync(join(PLAYBOOKS, `${playbook}.yml`)), playbook).toBe(true);
    }
  });

  it("begins each headline differently", () => {
    expect(new Set(OPERATION_NAMES.map((name) => OPERATIONS[name].headline)).size).toBe(OPERATION_NAMES.length);
  });
});
