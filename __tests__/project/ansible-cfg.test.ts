import { describe, expect, it } from "vitest";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";

describe("parseAnsibleCfg", () => {
  it("reads the settings that are combined", () => {
    const cfg = parseAnsibleCfg(`
# comment
[defaults]
Collections_Path = ./collections:~/more ; why
callbacks_enabled = ansible.posix.profile_tasks,
    timer
vault_password_file: .vault_pass
[ssh_connection]
ssh_args = -F ssh.cfg -o ControlMaster=auto
pipelining = true
`);
    expect(cfg).toEqual({
      collectionsPath: ["./collections", "~/more"],
      hostKeyChecking: "",
      rolesPath: [],
      becomePlugins: [],
      callbacksEnabled: ["ansible.posix.profile_tasks", "timer"],
      vaultPasswordFile: ".vault_pass",
      vaultIdentityList: "",
      sshArgs: "-F ssh.cfg -o ControlMaster=auto",
      sshCommonArgs: "",
      sshExtraArgs: "",
      sftpExtraArgs: "",
      scpExtraArgs: "",
      setsPipelining: true,
    });
  });

  it("knows the old names, and keeps sections apart", () => {
    const cfg = parseAnsibleCfg("[other]\nssh_args=x\n[defaults]\ncollections_paths=a\ncallback_whitelist=b");
    expect(cfg).toMatchObject({ collectionsPath: ["a"], callbacksEnabled: ["b"], sshArgs: "", setsPipelining: false });
  });
});
