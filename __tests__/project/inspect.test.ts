import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Inputs } from "../../src/inputs/inputs.js";
import { besideCfg, inspectProject } from "../../src/project/inspect.js";
import { createFolder } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";

function commit(folder: string): string {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { encoding: "utf8" });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "x");
  return git("rev-parse", "HEAD").trim();
}

describe("inspectProject", () => {
  it("finds commit, project and ansible.cfg", async () => {
    const workspace = createFolder({
      "site/manage.py": "",
      "site/ansible.cfg": "[defaults]\ncallbacks_enabled = timer",
    });
    const revision = commit(workspace);
    const project = await inspectProject(createInputs({ workingDirectory: "site" }), workspace, {});
    expect(project).toMatchObject({
      folder: join(workspace, "site"),
      playbook: "",
      revision,
      django: { manageDir: "." },
      cfg: { path: join(workspace, "site", "ansible.cfg"), settings: { callbacksEnabled: ["timer"] } },
    });
  });

  it("takes code that was checked out apart, and all that decides over a deploy from working-directory", async () => {
    const workspace = createFolder({
      "ansible.cfg": "[defaults]\ncallbacks_enabled = timer",
      "group_vars/all.yml": "app_path: web",
      "code/ansible.cfg": "[defaults]\ncallbacks_enabled = evil",
      "code/group_vars/all.yml": "app_path: evil",
      "code/web/manage.py": "",
      "code/evil/manage.py": "",
    });
    const revision = commit(join(workspace, "code"));
    const project = await inspectProject(createInputs({ codeDirectory: "code" }), workspace, {});
    expect(project).toMatchObject({
      folder: workspace,
      code: join(workspace, "code"),
      revision,
      django: { manageDir: "web" },
      cfg: { path: join(workspace, "ansible.cfg"), settings: { callbacksEnabled: ["timer"] } },
    });
  });

  it("lets the job's ANSIBLE_CONFIG win, as Ansible does", async () => {
    const workspace = createFolder({ "ansible.cfg": "", "conf/ansible.cfg": "", "deploy.yml": "[]" });
    const inputs = createInputs({ playbook: "deploy.yml" });
    const project = await inspectProject(inputs, workspace, { ANSIBLE_CONFIG: "conf" });
    expect(project.cfg?.path).toBe(join(workspace, "conf", "ansible.cfg"));
  });

  it.each<[string, Partial<Inputs>]>([
    ["an own playbook", { playbook: "deploy.yml" }],
    ["container mode", { mode: "container" }],
    ["hosts that clone", { source: "git" }],
    ["a source given in vars", { vars: { django_app_source: "git" } }],
  ])("asks for neither Git nor Django with %s", async (_, overrides) => {
    const workspace = createFolder({ "deploy.yml": "[]" });
    const project = await inspectProject(createInputs(overrides), workspace, {});
    expect(project).toMatchObject({ revision: undefined, django: undefined, cfg: undefined });
  });

  it.each<[Partial<Inputs>, RegExp]>([
    [
      { codeDirectory: "nope" },
      /^code-directory "nope" is no folder in \/.*: correct the path, and check that actions\/checkout ran/,
    ],
    [
      { workingDirectory: "nope" },
      /^working-directory "nope" is no folder in \/.*: correct the path, and check that actions\/checkout ran/,
    ],
    [{ playbook: "nope.yml" }, /^playbook "nope\.yml" does not exist in \/.*: correct the path/],
    [{ playbook: "folder" }, /^playbook "folder" is a folder: a regular file is needed\.$/],
    [{ playbook: "-x.yml" }, /^playbook is "-x\.yml": a path cannot begin with a dash\.$/],
    [
      { mode: "container", composeSources: ["c.yml"] },
      /^compose-source "c\.yml" does not exist in \/.*: correct the path/,
    ],
    [{}, /is no Git checkout, .*: run actions\/checkout before this step\.$/],
    [{ source: "workspace" }, /is no Git checkout/],
  ])("refuses %j", async (overrides, message) => {
    const workspace = createFolder({ "folder/x": "" });
    await expect(inspectProject(createInputs(overrides), workspace, {})).rejects.toThrow(message);
  });

  it("refuses a checkout without Django", async () => {
    const workspace = createFolder({ "README.md": "" });
    commit(workspace);
    await expect(inspectProject(createInputs(), workspace, {})).rejects.toThrow(/^There is no Django project in/);
  });
});

describe("besideCfg", () => {
  it.each([
    ["./a", "/w/a"],
    ["/b", "/b"],
    ["~/c", "/home/u/c"],
  ])("resolves %s", (named, expected) => {
    expect(besideCfg("/w/ansible.cfg", named, "/home/u")).toBe(expected);
  });
});
