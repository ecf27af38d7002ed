import { describe, expect, it } from "vitest";
import { inlineName } from "../../src/inventory/inline.js";

describe("inlineName", () => {
  it.each([
    "all:\n  hosts:\n    web1:\n",
    "---\nweb:\n  hosts: {web1: {ansible_host: 192.0.2.7}}",
    '{"all": {"hosts": {"web1": {}}}}',
    "web:\n",
    "# comment\nungrouped:\n  hosts:\n    web1:",
    "$ANSIBLE_VAULT;1.1;AES256\n6162",
    "all:\n  hosts:\n    web1: {ansible_password: !vault x}",
  ])("takes %j for YAML", (text) => {
    expect(inlineName(text)).toBe("inventory.yml");
  });

  it.each([
    "web1",
    "web1 ansible_host=192.0.2.7 ansible_port=22",
    "[web]\nweb1\nweb2\n\n[web:vars]\nansible_user=deploy",
    "[web]",
    "; comment\nweb[01:20].example.org",
    "web1:2222",
    "web1 ansible_ssh_common_args='-o ProxyJump=bastion: x'",
    "web1\nweb2 x=1",
  ])("takes %j for INI", (text) => {
    expect(inlineName(text)).toBe("inventory.ini");
  });

  it.each([
    ["all:\n  hosts: [web1", /^inventory is not valid YAML at line 2/],
    ["---\nall: {", /^inventory is not valid YAML/],
    ["- web1\n- web2", /^inventory is a YAML list: give a mapping of groups/],
    ["web: web1", /^inventory has the group "web" without a mapping/],
    ["-web1", /^inventory has a line that begins with a dash, "-web1"/],
    ["[web]\n--list-hosts", /^inventory has a line that begins with a dash/],
    [
      'all:\n  hosts:\n    "-web1":',
      /^inventory has the host "-web1" in group "all": a name cannot begin with a dash\.$/,
    ],
    ["# nothing\n", /^inventory names no host/],
  ])("refuses %j", (text, message) => {
    expect(() => inlineName(text)).toThrow(message);
  });
});
