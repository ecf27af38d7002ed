import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareInventory } from "../../src/inventory/prepare.js";
import { PrivateFolder } from "../../src/secrets/private-folder.js";
import { createFolder, createGround, mode } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";

describe("prepareInventory", () => {
  it("writes hosts to a private file, beside links to the project's variables", () => {
    const project = createGround({ "group_vars/all.yml": "a: 1" });
    const [file = ""] = prepareInventory(
      createInputs({ hosts: "web1" }),
      project,
      PrivateFolder.create(createFolder()),
    );
    expect(readFileSync(file, "utf8")).toBe("all:\n  hosts:\n    web1:\n      ansible_host: web1\n");
    expect(mode(file)).toBe("600");
    expect(readlinkSync(join(dirname(file), "group_vars"))).toBe(join(project.folder, "group_vars"));
    expect(() => readlinkSync(join(dirname(file), "host_vars"))).toThrow(/ENOENT/);
  });

  it("writes an inline inventory as it is", () => {
    const inputs = createInputs({ hosts: "", inventory: "[web]\nweb1 ansible_password=x" });
    const [file = ""] = prepareInventory(inputs, createGround(), PrivateFolder.create(createFolder()));
    expect(file).toMatch(/inventory\.ini$/);
    expect(readFileSync(file, "utf8")).toBe("[web]\nweb1 ansible_password=x\n");
    expect(mode(file)).toBe("600");
  });

  it("takes files and folders of the project by their absolute path", () => {
    const project = createGround({ "inventory/production.yml": "all:", "hosts.ini": "web1" });
    const inputs = createInputs({ hosts: "", inventoryFiles: ["inventory", "hosts.ini"] });
    expect(prepareInventory(inputs, project, PrivateFolder.create(createFolder()))).toEqual([
      join(project.folder, "inventory"),
      join(project.folder, "hosts.ini"),
    ]);
  });

  it.each([
    ["missing.yml", /^inventory-file "missing\.yml" does not exist in \/.*: correct the path/],
    ["-x", /^inventory-file is "-x": a path cannot begin with a dash\.$/],
    ["a,b", /^inventory-file is "a,b": Ansible reads a comma as a list of hosts/],
    ["empty.yml", /^inventory-file "empty\.yml" is empty: name at least one host in it\.$/],
  ])("refuses the file %j", (path, message) => {
    const project = createGround({ "a,b": "web1", "empty.yml": "" });
    const inputs = createInputs({ hosts: "", inventoryFiles: [path] });
    expect(() => prepareInventory(inputs, project, PrivateFolder.create(createFolder()))).toThrow(message);
  });
});
