import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Runner, visible } from "./support/runner.js";

const unset = "the secret is probably not configured for this repository or environment";

describe("bad input", () => {
  let runner: Runner;
  beforeAll(() => {
    runner = new Runner();
    runner.write("deploy.yml", "- hosts: all\n  tasks: []\n");
    runner.write("empty.ini", "");
  });
  afterAll(() => runner.remove());

  it.each<[Record<string, string>, string]>([
    [{ mode: "bare" }, 'mode is "bare": use "role" or "container".'],
    [{ summary: "yes" }, 'summary is "yes": use "true" or "false".'],
    [
      { vars: "a: [" },
      "vars is not valid YAML at line 1, column 5: a line is indented wrongly, or a bracket before it stays open.",
    ],
    [{ hosts: "" }, "No hosts are given: set one of hosts, inventory or inventory-file."],
    [{ inventory: "web2" }, "hosts and inventory are both given: set only one of hosts, inventory and inventory-file."],
    [{ playbook: "nope.yml" }, 'playbook "nope.yml" does not exist in WORKSPACE.'],
    [{ hosts: "", "inventory-file": "nope" }, 'inventory-file "nope" does not exist in WORKSPACE.'],
    [{ hosts: "", "inventory-file": "empty.ini" }, 'inventory-file "empty.ini" is empty.'],
    [
      { hosts: "-oProxyCommand=sh" },
      'hosts has "-oProxyCommand=sh", which begins with a dash, in line 1: a line is [name] [user@]address[:port].',
    ],
    [{ limit: "-x" }, 'limit has the pattern "-x": a pattern cannot begin with a dash.'],
    [
      { "server-name": "a b;c" },
      'server-name has "b;c": use DNS names such as www.example.org, separated by spaces, without scheme or path.',
    ],
    [
      { "app-name": "../x" },
      'app-name is "../x": use up to 32 lower-case letters, digits, "_" and "-", a letter first.',
    ],
    [
      { mode: "container", "compose-file": "a b" },
      'compose-file is "a b": use an absolute path on the hosts, such as /root/compose.yml.',
    ],
    [
      { mode: "container", "compose-source": "compose.yml" },
      'compose-source "compose.yml" does not exist in WORKSPACE.',
    ],
    [{ "working-directory": "nope" }, 'working-directory "nope" is no folder in WORKSPACE.'],
    [
      { mode: "container", playbook: "", "registry-username": "u" },
      "registry-username is given and registry-password is not given.",
    ],
    [
      { "ssh-private-key": " \n " },
      `ssh-private-key holds only white space: ${unset}, so set it or leave the input out.`,
    ],
    [
      { "ssh-private-key": "hunter2-not-a-key" },
      'ssh-private-key is no private key: give the whole text of the key file, from its "BEGIN" line to its "END" line.',
    ],
    [
      { playbook: "" },
      "WORKSPACE is no Git checkout, and with source: workspace the checked-out commit is what is deployed: run actions/checkout before this step.",
    ],
  ])("%j ends with one sentence, before anything is started", async (inputs, sentence) => {
    const step = await runner.main({ playbook: "deploy.yml", hosts: "web1.invalid", ...inputs });
    const errors = step.log.split("\n").filter((line) => line.startsWith("::error"));
    expect(errors).toEqual([`::error::${sentence.replace("WORKSPACE", runner.workspace).replaceAll("%", "%25")}`]);
    expect(step.code).toBe(1);
    expect(visible(step.log)).not.toMatch(/hunter2|\n\s+at /);
    expect(step.outputs).toMatchObject({
      status: "failed",
      "total-hosts": "0",
      "failed-host-names": "[]",
      stats: "{}",
      "ansible-version": "",
    });
    expect(existsSync(step.state.privateFolder ?? "")).toBe(false);
    expect(readdirSync(runner.temp).filter((name) => !name.endsWith(".md"))).toEqual([]);
    expect(readFileSync(step.outputs["summary-file"] ?? "", "utf8")).toBe(step.summary);
  });
});
