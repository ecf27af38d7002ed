import { describe, expect, it } from "vitest";
import { ansibleArguments, type RunFiles } from "../../src/ansible/arguments.js";
import type { Inputs } from "../../src/inputs/inputs.js";
import { createInputs } from "../support/inputs.js";

const FILES: RunFiles = {
  python: "/venv/bin/python",
  playbook: "/p/play/deploy.yml",
  inventories: ["/p/inventory/hosts.yml"],
  variables: "/p/vars.json",
  becomePassword: "",
  vaultPassword: "",
  vaultPasswords: {},
};
const START =
  "/venv/bin/python -P -m ansible playbook /p/play/deploy.yml --inventory /p/inventory/hosts.yml --extra-vars @/p/vars.json";

describe("ansibleArguments", () => {
  it.each<[string, Partial<Inputs>, Partial<RunFiles>, string]>([
    ["nothing more", {}, {}, START],
    [
      "two inventories",
      {},
      { inventories: ["/a", "/b"] },
      START.replace("--inventory /p/inventory/hosts.yml", "--inventory /a --inventory /b"),
    ],
    ["a limit and tags", { limit: "web:!db", tags: ["a", "b"] }, {}, `${START} --limit web:!db --tags a,b`],
    ["check", { check: true }, {}, `${START} --check --diff`],
    [
      "passwords, as files alone",
      { becomePassword: "hunter2", vaultPassword: "hunter3" },
      {
        becomePassword: "/p/become-password",
        vaultPassword: "/p/vault-password",
        vaultPasswords: { prod: "/p/vault-password-prod" },
      },
      `${START} --become-password-file /p/become-password --vault-password-file /p/vault-password --vault-id prod@/p/vault-password-prod`,
    ],
    [
      "further arguments, last",
      { tags: ["a"], extraArgs: ["-v", "--skip-tags", "b c"] },
      {},
      `${START} --tags a -v --skip-tags b c`,
    ],
  ])("has %s", (_, inputs, files, expected) => {
    expect(ansibleArguments(createInputs(inputs), { ...FILES, ...files }).join(" ")).toBe(expected);
  });

  it("keeps arguments whole", () => {
    const argv = ansibleArguments(createInputs({ limit: "a b", extraArgs: ["-e", "c d"] }), FILES);
    expect(argv.slice(-4)).toEqual(["--limit", "a b", "-e", "c d"]);
  });
});
