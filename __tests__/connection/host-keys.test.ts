import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OWN_SSH_ARGS } from "../../src/ansible/environment.js";
import { firstSshOption, requireHostKeys } from "../../src/connection/host-keys.js";
import type { Inputs } from "../../src/inputs/inputs.js";
import { splitArguments } from "../../src/inputs/split-arguments.js";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";
import type { Project } from "../../src/project/inspect.js";
import { createInputs } from "../support/inputs.js";

interface Given {
  inputs?: Partial<Inputs>;
  cfg?: string;
  inventory?: string;
  variables?: string;
  job?: Record<string, string>;
}

function check({ inputs = {}, cfg, inventory, variables, job = {} }: Given): void {
  const project: Project = {
    ...{ folder: "/w", code: "/w", workspace: "/w", playbook: "", composeSources: [], requirements: undefined },
    ...{ revision: undefined, django: undefined },
    cfg: cfg === undefined ? undefined : { path: "/w/ansible.cfg", settings: parseAnsibleCfg(cfg) },
  };
  const source = (name: string, text: string | undefined, isInventory: boolean) =>
    text === undefined ? [] : [{ place: { path: `/w/${name}`, name }, text, isInventory }];
  const sources = [...source("hosts", inventory, true), ...source("group_vars/all.yml", variables, false)];
  requireHostKeys(createInputs(inputs), project, sources, job);
}

describe("requireHostKeys", () => {
  it.each<[string, Given, string]>([
    ["ansible.cfg", { cfg: "[defaults]\nhost_key_checking = False" }, "ansible.cfg sets host_key_checking: False, "],
    ["its ssh section", { cfg: "[ssh_connection]\nhost_key_checking=no" }, "ansible.cfg sets host_key_checking: no, "],
    [
      "its ssh_args",
      { cfg: "[ssh_connection]\nssh_args = -C -o StrictHostKeyChecking=no" },
      "ansible.cfg sets StrictHostKeyChecking=no in ssh_args, ",
    ],
    [
      "its scp arguments",
      { cfg: "[ssh_connection]\nscp_extra_args = -ostricthostkeychecking=off" },
      "ansible.cfg sets StrictHostKeyChecking=off in scp_extra_args, ",
    ],
    [
      "the job",
      { job: { ANSIBLE_HOST_KEY_CHECKING: "False" } },
      "The job's environment sets ANSIBLE_HOST_KEY_CHECKING: False, ",
    ],
    [
      "the job's arguments",
      { job: { ANSIBLE_SSH_COMMON_ARGS: "-o 'StrictHostKeyChecking no'" } },
      "The job's environment sets StrictHostKeyChecking=no in ANSIBLE_SSH_COMMON_ARGS, ",
    ],
    [
      "an inventory in INI",
      { inventory: "web1 ansible_host_key_checking=false" },
      "hosts sets ansible_host_key_checking: false, ",
    ],
    [
      "its section of variables",
      { inventory: "[all:vars]\nansible_ssh_common_args = '-o StrictHostKeyChecking=no'" },
      "hosts sets StrictHostKeyChecking=no in ansible_ssh_common_args, ",
    ],
    [
      "an inventory in YAML",
      { inventory: "all:\n  vars:\n    ansible_ssh_extra_args: -oStrictHostKeyChecking=no" },
      "hosts sets StrictHostKeyChecking=no in ansible_ssh_extra_args, ",
    ],
    [
      "variables",
      { variables: "ansible_host_key_checking: no" },
      "group_vars/all.yml sets ansible_host_key_checking: no, ",
    ],
    [
      "variables in a block",
      { variables: "ansible_ssh_args: >-\n  -C\n  -o StrictHostKeyChecking=no" },
      "group_vars/all.yml sets StrictHostKeyChecking=no in ansible_ssh_args, ",
    ],
    [
      "a bastion",
      { variables: `ansible_ssh_common_args: -o ProxyCommand="ssh -o StrictHostKeyChecking=no -W %h:%p b"` },
      "group_vars/all.yml sets StrictHostKeyChecking=no in ansible_ssh_common_args, ",
    ],
    [
      "vars",
      { inputs: { vars: { ansible_host_key_checking: false } } },
      "vars sets ansible_host_key_checking: false, ",
    ],
    [
      "extra-args",
      { inputs: { extraArgs: ["-e", "ansible_ssh_common_args=-oStrictHostKeyChecking=no"] } },
      "extra-args sets StrictHostKeyChecking=no in ansible_ssh_common_args, ",
    ],
    [
      "extra-args in JSON",
      { inputs: { extraArgs: ['-e{"ansible_host_key_checking": false}'] } },
      "extra-args sets ansible_host_key_checking: false, ",
    ],
    [
      "options of extra-args",
      { inputs: { extraArgs: ["--ssh-common-args=-o StrictHostKeyChecking=no"] } },
      "extra-args sets StrictHostKeyChecking=no, ",
    ],
  ])("refuses what is loose in %s, unless host-key-checking is off", (_, given, start) => {
    const sentence = `${start}which switches the check of host keys off, and host-key-checking is`;
    expect(() => check(given)).toThrow(`${sentence} strict: remove it, or set host-key-checking: off.`);
    const also = (hostKeyChecking: Inputs["hostKeyChecking"]) => ({
      ...given,
      inputs: { ...given.inputs, hostKeyChecking },
    });
    expect(() => check(also("accept-new"))).toThrow(`${sentence} accept-new: remove it`);
    expect(() => check(also("off"))).not.toThrow();
  });

  it("takes accept-new for what it is", () => {
    const given = { variables: "ansible_ssh_common_args: -o StrictHostKeyChecking=accept-new" };
    expect(() => check(given)).toThrow(
      /partly off, and host-key-checking is strict: remove it, or set host-key-checking: accept-new\.$/,
    );
    expect(() => check({ ...given, inputs: { hostKeyChecking: "accept-new" } })).not.toThrow();
  });

  it.each<[string, Given]>([
    ["nothing", {}],
    [
      "what is strict",
      { cfg: "[defaults]\nhost_key_checking = True\n[ssh_connection]\nssh_args = -o StrictHostKeyChecking=yes" },
    ],
    [
      "a comment",
      { inventory: "# ansible_host_key_checking=false\nweb1", variables: "# ansible_host_key_checking: false\na: 1" },
    ],
    ["another variable", { variables: "note: do not set StrictHostKeyChecking=no\nhost_key_checking_note: false" }],
    ["a template", { variables: "ansible_ssh_common_args: '{{ x }}'" }],
  ])("lets pass %s", (_, given) => {
    expect(() => check(given)).not.toThrow();
  });

  it.each(["-o StrictHostKeyChecking=no", "-oStrictHostKeyChecking=off", "-o 'StrictHostKeyChecking accept-new'"])(
    "overrules %s, which a variable gives to ssh later",
    (later) => {
      const words = splitArguments(`${firstSshOption("strict")} ${OWN_SSH_ARGS} ${later}`);
      const printed = execFileSync("ssh", ["-F", "none", ...words, "-G", "web1"], { encoding: "utf8" });
      expect(printed).toMatch(/^stricthostkeychecking (true|yes)$/m);
    },
  );

  it("holds what nobody can read before to the first option of ssh", () => {
    expect(firstSshOption("strict")).toBe("-o StrictHostKeyChecking=yes");
    expect(firstSshOption("off")).toBe("");
    expect(parseAnsibleCfg(readFileSync("ansible.cfg", "utf8")).sshArgs).toBe(OWN_SSH_ARGS);
  });
});
