import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFilesIn, sshConfig } from "../../src/connection/ssh-config.js";
import { createFolder } from "../support/folder.js";

const NONE = { keyFile: "", knownHostsFile: "", checking: "strict", includes: [] } as const;

describe("sshConfig", () => {
  it.each([
    [
      "nothing",
      NONE,
      ["Host *", "  StrictHostKeyChecking yes", "Include ~/.ssh/config", "Include /etc/ssh/ssh_config"],
    ],
    [
      "a key",
      { ...NONE, keyFile: "/p/key" },
      ["Host *", "  StrictHostKeyChecking yes", '  IdentityFile "/p/key"', "  IdentitiesOnly yes"],
    ],
    [
      "known hosts",
      { ...NONE, knownHostsFile: "/p/known_hosts", checking: "accept-new" as const },
      [
        "Host *",
        "  StrictHostKeyChecking accept-new",
        '  UserKnownHostsFile "/p/known_hosts"',
        "  GlobalKnownHostsFile /dev/null",
      ],
    ],
    [
      "checking off and a file of the project's",
      { ...NONE, keyFile: "/p q/k%y", checking: "off" as const, includes: ["/w/ssh.cfg"] },
      [
        "Host *",
        "  StrictHostKeyChecking no",
        '  IdentityFile "/p q/k%%y"',
        "  IdentitiesOnly yes",
        'Include "/w/ssh.cfg"',
      ],
    ],
  ])("is made of %s", (_, settings, lines) => {
    expect(sshConfig(settings)).toBe(`${lines.join("\n")}\n`);
  });

  it("is understood by ssh, and options of an inventory still win", () => {
    const folder = createFolder({ "ssh.cfg": "Host web1\n  ProxyJump bastion\n  IdentityFile /elsewhere\n" });
    const text = sshConfig({
      keyFile: join(folder, "key"),
      knownHostsFile: join(folder, "known"),
      checking: "strict",
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
