import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { broughtWarning } from "../../src/project/brought.js";
import { createFolder } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";

const base = {
  "ansible.cfg": "a",
  "group_vars/all.yml": "b",
  "inventory/production.yml": "c",
  "roles/x/tasks/main.yml": "d",
};
const inputs = createInputs({ check: true, codeDirectory: "code", inventoryFiles: ["inventory/production.yml"] });

function warningFor(brought: Readonly<Record<string, string>>, change: (code: string) => void = () => {}): string {
  const files = Object.entries({ ...base, ...brought }).map(([path, text]) => [`code/${path}`, text] as const);
  const folder = createFolder({ ...base, ...Object.fromEntries(files) });
  change(join(folder, "code"));
  return broughtWarning(inputs, { folder, workspace: folder, code: join(folder, "code") }, "pull_request");
}

describe("broughtWarning", () => {
  it("is silent about what is the same, and about code", () => {
    expect(warningFor({ "mysite/settings.py": "new" })).toBe("");
  });

  it.each([
    ["ansible.cfg", { "ansible.cfg": "other" }],
    ["group_vars", { "group_vars/all.yml": "other" }],
    ["group_vars", { "group_vars/web/more.yml": "b" }],
    ["host_vars", { "host_vars/web1.yml": "x" }],
    ["roles", { "roles/x/tasks/main.yml": "other" }],
    ["inventory/production.yml", { "inventory/production.yml": "other" }],
  ])("names %s of a pull request, which is not used", (name, brought) => {
    expect(warningFor(brought)).toBe(
      `The code in code-directory has its own ${name}, which is not used: what decides where and how to deploy comes from working-directory.`,
    );
  });

  it.each<[string, (code: string) => void]>([
    ["a link that leads out", (code) => symlinkSync("/etc", join(code, "host_vars"))],
    ["a pipe", (code) => execFileSync("mkfifo", [join(code, "host_vars")])],
  ])("takes %s for another one", (_, change) => {
    expect(warningFor({}, change)).toContain("its own host_vars,");
  });

  it("says so when a check of a pull request takes all from it", () => {
    const folder = createFolder(base);
    const whole = { folder, workspace: folder, code: folder };
    const check = createInputs({ check: true });
    expect(broughtWarning(check, whole, "pull_request")).toContain("can read every secret of this job");
    expect(broughtWarning(check, whole, "push")).toBe("");
    expect(broughtWarning(createInputs(), whole, "pull_request")).toBe("");
  });
});
