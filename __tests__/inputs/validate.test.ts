import { describe, expect, it } from "vitest";
import { DeployError } from "../../src/errors.js";
import type { Inputs } from "../../src/inputs/inputs.js";
import { validateInputs } from "../../src/inputs/validate.js";
import { createInputs } from "../support/inputs.js";

describe("validateInputs", () => {
  it.each<[string, Partial<Inputs>]>([
    ["one host", {}],
    ["two inventory files", { hosts: "", inventoryFiles: ["a", "b"] }],
    ["an inventory", { hosts: "", inventory: "web1" }],
    ["a limit with an exclusion", { limit: "web:!web2,&live" }],
    ["a range in a limit", { limit: "web[0-1]" }],
    ["several names", { serverName: "example.org www.example.org xn--bcher-kva.example *.example.org" }],
    ["addresses as names", { serverName: "192.0.2.7 2001:db8::7 localhost" }],
    ["an app name", { appName: "my_app-2" }],
    ["a rollback of containers", { mode: "container", operation: "rollback", revision: "20260102T030405Z-0123456" }],
    ["env for containers", { mode: "container", env: { A: "1" } }],
    ["a release to go back to", { operation: "rollback", revision: "20260102T030405Z-0123456" }],
    ["a status", { operation: "status" }],
    ["tags", { tags: ["one", "two-b"] }],
    ["an address in brackets", { serverName: "[2001:db8::7]   localhost" }],
    ["the oldest Ansible", { ansibleVersion: "2.19.0" }],
    ["a candidate of Ansible", { ansibleVersion: "2.22.0rc12" }],
    ["a vault password beside others", { vaultPassword: "a", vaultPasswords: { prod: "b" } }],
    ["a default vault password of a mapping", { vaultPasswords: { default: "b" } }],
    ["a passphrase with its key", { sshPrivateKey: "k", sshPrivateKeyPassphrase: "p" }],
    ["an encrypted become password", { becomePassword: "\n$ANSIBLE_VAULT;1.1;AES256\n6162\n", vaultPassword: "a" }],
    ["a compose file whose name has dots", { mode: "container", composeFiles: ["/srv/a..b/compose.yml"] }],
    ["an option that a newer Ansible may have", { ansibleVersion: "2.30.1", extraArgs: ["--brand-new"] }],
    ["a branch", { source: "git", revision: "feature/a.b-1" }],
    ["a registry", { mode: "container", registry: "ghcr.io:443/acme", registryUsername: "u", registryPassword: "p" }],
    ["compose inputs with a playbook of one's own", { playbook: "deploy.yml", composeFiles: ["/srv/compose.yml"] }],
  ])("accepts %s", (_, overrides) => {
    expect(() => validateInputs(createInputs(overrides))).not.toThrow();
  });

  it.each<[Partial<Inputs>, string]>([
    [{ hosts: "" }, "No hosts are given: set one of hosts, inventory or inventory-file."],
    [{ inventory: "web1" }, "hosts and inventory are both given: set only one of hosts, inventory and inventory-file."],
    [
      { inventoryFiles: ["a"] },
      "hosts and inventory-file are both given: set only one of hosts, inventory and inventory-file.",
    ],
    [
      { inventory: "web1", inventoryFiles: ["a"] },
      "hosts and inventory and inventory-file are all given: set only one of hosts, inventory and inventory-file.",
    ],
    [{ tags: ["a b"] }, 'tags has "a b": a tag has no spaces and does not begin with a dash.'],
    [
      { extraArgs: ["--brand-new"] },
      'extra-args has "--brand-new", which is no option of ansible-playbook: correct or remove it.',
    ],
    ...["/..", "../x", "/srv/.."].map((path): [Partial<Inputs>, string] => [
      { mode: "container", composeFiles: [path] },
      `compose-file is "${path}": use an absolute path on the hosts, such as /root/compose.yml.`,
    ]),
    ...["2.21", "12.21.1", "2.21.1.post1", "2.21.x", "2.21.0c1", "3.21.0"].map((version): [Partial<Inputs>, string] => [
      { ansibleVersion: version },
      `ansible-version is "${version}": use an exact version of ansible-core from 2.19.0 on, such as 2.19.4, or leave it out.`,
    ]),
    ...["x[::1]", "[::1]x", "[1]"].map((name): [Partial<Inputs>, string] => [
      { serverName: name },
      `server-name has "${name}": use DNS names such as www.example.org, separated by spaces, without scheme or path.`,
    ]),
    [
      { composeSources: ["compose.yml"] },
      "compose-source has no effect with mode: role: set mode: container or leave compose-source out.",
    ],
    [{ registry: "ghcr.io" }, "registry has no effect with mode: role: set mode: container or leave registry out."],
    [
      { registryUsername: "u", registryPassword: "p" },
      "registry-username has no effect with mode: role: set mode: container or leave registry-username out.",
    ],
    [
      { mode: "container", source: "workspace" },
      "source has no effect with mode: container: set mode: role or leave source out.",
    ],
    [{ limit: "-web1" }, 'limit has the pattern "-web1": a pattern cannot begin with a dash.'],
    [{ limit: "web1, --list-hosts" }, 'limit has the pattern "--list-hosts": a pattern cannot begin with a dash.'],
    [{ tags: ["-x"] }, 'tags has "-x": a tag has no spaces and does not begin with a dash.'],
    [
      { appName: "My App" },
      'app-name is "My App": use up to 32 lower-case letters, digits, "_" and "-", a letter first.',
    ],
    [
      { appName: "a".repeat(33) },
      `app-name is "${"a".repeat(33)}": use up to 32 lower-case letters, digits, "_" and "-", a letter first.`,
    ],
    [
      { serverName: "example.org https://example.org" },
      'server-name has "https://example.org": use DNS names such as www.example.org, separated by spaces, without scheme or path.',
    ],
    [
      { serverName: "exa;mple.org" },
      'server-name has "exa;mple.org": use DNS names such as www.example.org, separated by spaces, without scheme or path.',
    ],
    [{ source: "git", revision: "--upload-pack=x" }, 'revision is "--upload-pack=x": use a commit, tag or branch.'],
    [
      { operation: "status", playbook: "deploy.yml" },
      "operation is status and a playbook is given, which decides on its own what it does: leave one of them out.",
    ],
    [{ command: ["check"] }, "command has no effect with operation: deploy: leave it out."],
    [{ operation: "rollback", confirm: "mysite" }, "confirm has no effect with operation: rollback: leave it out."],
    [{ source: "git", revision: "a..b" }, 'revision is "a..b": use a commit, tag or branch.'],
    [
      { revision: "main" },
      "revision is given without source: git; with source: workspace the checked-out commit is deployed, so check out that revision instead.",
    ],
    [
      { mode: "container", composeFiles: ["compose.yml"] },
      'compose-file is "compose.yml": use an absolute path on the hosts, such as /root/compose.yml.',
    ],
    [
      { mode: "container", composeFiles: ["/srv/../root/$(id).yml"] },
      'compose-file is "/srv/../root/$(id).yml": use an absolute path on the hosts, such as /root/compose.yml.',
    ],
    [
      { mode: "container", registry: "https://ghcr.io" },
      'registry is "https://ghcr.io": use a host name with an optional port, without scheme, such as ghcr.io.',
    ],
    [{ mode: "container", registryUsername: "u" }, "registry-username is given and registry-password is not given."],
    [
      { mode: "container", registryPassword: "p" },
      "registry-password is given and registry-username is empty: set both or neither.",
    ],
    [{ becomePassword: "a\nb" }, "become-password has more than one line: give the password alone."],
    [{ sshPrivateKeyPassphrase: "x" }, "ssh-private-key-passphrase is given and ssh-private-key is not given."],
    [
      { vaultPassword: "a", vaultPasswords: { default: "b" } },
      'vault-passwords has the id "default" and vault-password is given: set only one of them.',
    ],
    [
      { ansibleVersion: "2.18.1" },
      'ansible-version is "2.18.1": use an exact version of ansible-core from 2.19.0 on, such as 2.19.4, or leave it out.',
    ],
    [
      { pythonPackages: ["netaddr", "--index-url=x"] },
      'python-packages has "--index-url=x": a line is a requirement such as netaddr==1.3.0, not an option or a path.',
    ],
    [{ requirements: "-x" }, 'requirements is "-x": a path cannot begin with a dash.'],
    [
      { vaultPassword: "$ANSIBLE_VAULT;1.1;AES256\n00" },
      "vault-password is an encrypted vault text: give the password that opens the vault.",
    ],
    [
      { composeFiles: ["/root/compose.yml"] },
      "compose-file has no effect with mode: role: set mode: container or leave compose-file out.",
    ],
    [{ extraArgs: ["-v", "-K"] }, "extra-args has -K, which waits for a person: use become-password instead."],
    [
      { extraArgs: ["--ask-vault-pass"] },
      "extra-args has --ask-vault-pass, which waits for a person: use vault-password instead.",
    ],
  ])("refuses %j", (overrides, message) => {
    expect(() => validateInputs(createInputs(overrides))).toThrow(new DeployError(message));
  });
});
