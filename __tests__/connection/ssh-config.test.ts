import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFilesIn, type SshSettings, sshConfig } from "../../src/connection/ssh-config.js";
import { createFolder } from "../support/folder.js";

const NONE = {
  keyFiles: [],
  agentSocket: "",
  jumpHosts: [],
  knownHostsFile: "",
  runnersKnownHosts: true,
  checking: "strict",
  includes: [],
} satisfies SshSettings;

const RUNNERS = ["Include ~/.ssh/config", "Include /etc/ssh/ssh_config"];

describe("sshConfig", () => {
  it.each<[string, SshSettings, string[]]>([
    ["nothing", NONE, ["Host *", "  StrictHostKeyChecking yes", "  UpdateHostKeys no", ...RUNNERS]],
    [
      "a key",
      { ...NONE, keyFiles: ["/p/key"] },
      [
        "Host *",
        "  StrictHostKeyChecking yes",
        '  IdentityFile "/p/key"',
        "  IdentitiesOnly yes",
        "  UpdateHostKeys no",
      ],
    ],
    [
      "known hosts",
      { ...NONE, knownHostsFile: "/p/known_hosts", runnersKnownHosts: false, checking: "accept-new" },
      [
        "Host *",
        "  StrictHostKeyChecking accept-new",
        '  UserKnownHostsFile "/p/known_hosts"',
        "  GlobalKnownHostsFile /dev/null",
        "  UpdateHostKeys no",
      ],
    ],
    [
      "a file for what is learned beside the runner's own",
      { ...NONE, knownHostsFile: "/p/known_hosts", checking: "accept-new" },
      [
        "Host *",
        "  StrictHostKeyChecking accept-new",
        '  UserKnownHostsFile "/p/known_hosts" ~/.ssh/known_hosts ~/.ssh/known_hosts2',
        "  UpdateHostKeys no",
        ...RUNNERS,
      ],
    ],
    [
      "an agent and a bastion",
      { ...NONE, agentSocket: "/tmp/c/agent", jumpHosts: ["Host jump"] },
      [
        "Host jump",
        "Host *",
        "  StrictHostKeyChecking yes",
        "  IdentityFile none",
        '  IdentityAgent "/tmp/c/agent"',
        "  UpdateHostKeys no",
      ],
    ],
    [
      "checking off and a file of the project's",
      { ...NONE, keyFiles: ["/p q/k%y"], checking: "off", includes: ["/w/ssh.cfg"] },
      [
        "Host *",
        "  StrictHostKeyChecking no",
        '  IdentityFile "/p q/k%%y"',
        "  IdentitiesOnly yes",
        "  UpdateHostKeys no",
        'Include "/w/ssh.cfg"',
      ],
    ],
  ])("is made of %s", (_, settings, lines) => {
    expect(sshConfig(settings)).toBe(`${lines.join("\n")}\n`);
  });

  it("is understood by ssh, and options of an inventory still win", () => {
    const folder = createFolder({ "ssh.cfg": "Host web1\n  ProxyJump bastion\n  IdentityFile /elsewhere\n" });
    const text = sshConfig({
      ...NONE,
      keyFiles: [join(folder, "key")],
      knownHostsFile: join(folder, "known"),
      runnersKnownHosts: false,
      includes: [join(folder, "ssh.cfg")],
    });
    const file = join(createFolder({ config: text }), "config");
    const printed = execFileSync("ssh", ["-F", file, "-o", "StrictHostKeyChecking=accept-new", "-G", "web1"], {
      encoding: "utf8",
    });
    expect(printed).toContain("stricthostkeychecking accept-new\n");
    expect(printed).toContain(`userknownhostsfile ${join(folder, "known")}\n`);
    expect(printed).toContain("identitiesonly yes\n");
    expect(printed).toContain("proxyjump bastion\n");
    expect(printed.indexOf(join(folder, "key"))).toBeLessThan(printed.indexOf("/elsewhere"));
  });
});

describe("configFilesIn", () => {
  it.each([
    ["", []],
    ["-o A=b -F ./ssh.cfg -q", ["./ssh.cfg"]],
    [`-F'a b' -F "c d"`, ["a b", "c d"]],
    ["-o ProxyCommand=x-F", []],
  ])("finds the files in %j", (text, files) => {
    expect(configFilesIn(text)).toEqual(files);
  });
});
