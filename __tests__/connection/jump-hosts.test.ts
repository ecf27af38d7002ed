import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jumpAliases, jumpHosts } from "../../src/connection/jump-hosts.js";
import { createFolder } from "../support/folder.js";

describe("jumpHosts", () => {
  it("is nothing without a jump host", () => {
    expect(jumpHosts(" \n")).toEqual([]);
    expect(jumpAliases("")).toEqual(new Map());
  });

  it("chains the hops in their order, as ssh reads it", () => {
    const text = "ops@bastion.example.org:2222\n10.0.0.9";
    const file = join(createFolder({ config: `${jumpHosts(text).join("\n")}\n` }), "config");
    const settings = (host: string): string => execFileSync("ssh", ["-F", file, "-G", host], { encoding: "utf8" });
    expect(settings("web1")).toContain("proxyjump django-ansible-deploy-jump-2\n");
    const second = settings("django-ansible-deploy-jump-2");
    expect(second).toContain("hostname 10.0.0.9\n");
    expect(second).toContain("proxyjump django-ansible-deploy-jump-1\n");
    const first = settings("django-ansible-deploy-jump-1");
    expect(first).toMatch(/^user ops$/m);
    expect(first).toMatch(/^port 2222$/m);
    expect(first).not.toMatch(/^proxyjump/m);
    expect([...jumpAliases(text).keys()]).toEqual(["[bastion.example.org]:2222", "10.0.0.9"]);
  });

  it.each(["name ops@bastion", "-oProxyCommand=x", "a b c"])("refuses %j with the line", (line) => {
    expect(() => jumpHosts(line)).toThrow(/^jump-host has .* in line 1: a line is \[user@\]address\[:port\]\.$/);
  });
});
