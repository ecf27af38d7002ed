import { describe, expect, it } from "vitest";
import { targetOf } from "../../src/connection/targets.js";

describe("targetOf", () => {
  it("reads what Ansible's ssh connection reads", () => {
    const variables = {
      ansible_host: "192.0.2.1",
      ansible_port: 2222,
      ansible_user: "ops",
      ansible_ssh_common_args: "-o ProxyJump='a b'",
    };
    expect(targetOf("web1", variables)).toEqual([
      { name: "web1", address: "192.0.2.1", options: ["-o", "ProxyJump=a b", "-p", "2222", "-l", "ops"] },
    ]);
  });

  it("leaves templates and other connections to Ansible", () => {
    expect(targetOf("web1", { ansible_user: "{{ x }}" })).toEqual([{ name: "web1", address: "web1", options: [] }]);
    expect(targetOf("web1", { ansible_connection: "local" })).toEqual([]);
    expect(targetOf("web1", { ansible_host: "-oProxyCommand=x" })).toEqual([]);
  });
});
