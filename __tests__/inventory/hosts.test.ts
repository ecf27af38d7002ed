import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { DeployError } from "../../src/errors.js";
import { hostsInventory, parseHosts } from "../../src/inventory/hosts.js";

describe("parseHosts", () => {
  it.each([
    ["192.0.2.7", { name: "192.0.2.7", address: "192.0.2.7" }],
    ["web1.example.org:2222", { name: "web1.example.org", address: "web1.example.org", port: 2222 }],
    ["deploy@web1", { name: "web1", address: "web1", user: "deploy" }],
    ["app1  deploy@192.0.2.7:22", { name: "app1", address: "192.0.2.7", user: "deploy", port: 22 }],
    ["[2001:db8::7]:2222", { name: "2001:db8::7", address: "2001:db8::7", port: 2222 }],
    ["2001:db8::7", { name: "2001:db8::7", address: "2001:db8::7" }],
    ["app1 root@[2001:db8::7]", { name: "app1", address: "2001:db8::7", user: "root" }],
    ["app1 a.user@domain@web1", { name: "app1", address: "web1", user: "a.user@domain" }],
    ["web1 # the first", { name: "web1", address: "web1" }],
  ])("reads %j", (line, host) => {
    expect(parseHosts(`# hosts\n\n  ${line}\r\n`)).toEqual([host]);
  });

  it.each([
    [
      "-oProxyCommand=x",
      'hosts has "-oProxyCommand=x", which begins with a dash, in line 1: a line is [name] [user@]address[:port].',
    ],
    ["web1 -x", 'hosts has "-x", which begins with a dash, in line 1: a line is [name] [user@]address[:port].'],
    [
      "ok\n-x@web1",
      'hosts has "-x@web1", which begins with a dash, in line 2: a line is [name] [user@]address[:port].',
    ],
    [
      "web1 -oProxyCommand=x@web1",
      'hosts has "-oProxyCommand=x@web1", which begins with a dash, in line 1: a line is [name] [user@]address[:port].',
    ],
    ["web1 @web1", 'hosts has the user "" in line 1: a line is [name] [user@]address[:port].'],
    ["web1 deploy@-x", 'hosts has the address "-x" in line 1: a line is [name] [user@]address[:port].'],
    ["a b c", "hosts has more than a name and an address in line 1: a line is [name] [user@]address[:port]."],
    ["web1:0", 'hosts has the address "web1:0" in line 1: a line is [name] [user@]address[:port].'],
    ["web1:70000", 'hosts has the address "web1:70000" in line 1: a line is [name] [user@]address[:port].'],
    ["web1:ssh", 'hosts has the address "web1:ssh" in line 1: a line is [name] [user@]address[:port].'],
    ["[web1]:22", 'hosts has the address "[web1]:22" in line 1: a line is [name] [user@]address[:port].'],
    ["ssh://web1", 'hosts has the address "ssh://web1" in line 1: a line is [name] [user@]address[:port].'],
    ["we{{b}} web1", 'hosts has the name "we{{b}}" in line 1: a line is [name] [user@]address[:port].'],
    ["web1\nweb1 192.0.2.7", 'hosts has "web1" twice, again in line 2: give each host one line.'],
    ["# none", "hosts names no host: give a line for each, [name] [user@]address[:port]."],
  ])("refuses %j", (text, message) => {
    expect(() => parseHosts(text)).toThrow(new DeployError(message));
  });
});

describe("hostsInventory", () => {
  it("is a YAML inventory with only what was given", () => {
    const hosts = parseHosts("web1\napp1 deploy@[2001:db8::7]:2222\n1e3");
    expect(parse(hostsInventory(hosts))).toEqual({
      all: {
        hosts: {
          web1: { ansible_host: "web1" },
          app1: { ansible_host: "2001:db8::7", ansible_user: "deploy", ansible_port: 2222 },
          "1e3": { ansible_host: "1e3" },
        },
      },
    });
  });
});
