import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeKey } from "../support/keys.js";
import { Runner, visible } from "./support/runner.js";

const LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"';
const key = makeKey().text;
/** A line of the key that no other key has. */
const keyLine = key.split("\n").at(-4) ?? "";

let runner: Runner;
beforeEach(() => {
  runner = new Runner();
});
afterEach(() => runner.remove());

describe("a deploy with local connections", { timeout: 120_000 }, () => {
  it("tells what changed, and a second time that nothing did", async () => {
    runner.write(
      "deploy.yml",
      `- name: Copy things
  hosts: all
  gather_facts: false
  tasks:
    - name: Copy
      ansible.builtin.copy:
        dest: ${runner.base}/{{ inventory_hostname }}
        content: "{{ app_name }} {{ django_app_env.QUOTED }} {{ extra }} {{ from_group }}"
        mode: "0600"
      when: inventory_hostname != "c"
`,
    );
    runner.write("group_vars/all.yml", "from_group: group\nextra: overridden\napp_name: overridden\n");
    const inputs = {
      playbook: "deploy.yml",
      inventory: `[web]\nb ${LOCAL}\na ${LOCAL}\nc ${LOCAL}\n`,
      "app-name": "shop",
      env: "QUOTED='{{ not_a_template }} #1'",
      vars: "extra: from {{ from_group }}",
    };
    const first = await runner.main(inputs);
    expect(first.code, first.log).toBe(0);
    expect(first.outputs).toMatchObject({
      status: "succeeded",
      "total-hosts": "3",
      "ok-hosts": "3",
      "changed-hosts": "2",
      "failed-hosts": "0",
      "unreachable-hosts": "0",
      "changed-host-names": '["a","b"]',
      "changed-tasks": "2",
      migrations: "[]",
    });
    expect(JSON.parse(first.outputs.stats ?? "")).toMatchObject({ a: { ok: 1, changed: 1 }, c: { ok: 0, skipped: 1 } });
    expect(first.outputs["ansible-version"]).toMatch(/^2\.\d+\.\d+$/);
    expect(first.summary).toMatch(/^### ✅ deploy\.yml on a, b and c: 3 hosts, 2 changed, in /);
    expect(first.summary).toContain("| <code>a</code> | ✅ changed | 1 |");
    expect(first.summary).toContain("| <code>c</code> | ➖ unchanged | 0 |");
    expect(first.log).toContain("::group::Copy things");
    expect(readFileSync(join(runner.base, "a"), "utf8")).toBe("shop {{ not_a_template }} #1 from group group");

    const second = await runner.main(inputs);
    expect(second.log).toContain("from the tool cache.");
    expect(second.outputs).toMatchObject({
      status: "succeeded",
      "changed-hosts": "0",
      "changed-host-names": "[]",
      "changed-tasks": "0",
    });
  });

  it("predicts with check", async () => {
    runner.write("site.conf", "user = web\ndb_password = hunter22\n");
    runner.write(
      "deploy.yml",
      `- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.file: {path: ${runner.base}/made, state: directory, mode: "0700"}
    - ansible.builtin.copy: {src: site.conf, dest: ${runner.base}/site.conf, mode: "0644"}
`,
    );
    const step = await runner.main({
      playbook: "deploy.yml",
      inventory: `a ${LOCAL}`,
      check: "true",
      summary: "false",
    });
    expect(step.outputs).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(existsSync(join(runner.base, "made"))).toBe(false);
    expect(step.summary).toBe("");
    const summary = readFileSync(step.outputs["summary-file"] ?? "", "utf8");
    expect(summary).toMatch(/^### ✅ Check of deploy\.yml on a: 1 host, 1 would change,/);
    expect(summary).toContain("What would change on <code>a</code>: 2 tasks");
    expect(summary).toContain("+user = web\n+db_password = ***");
  });

  it("fails at a host's failure, says where, and lets nothing in the output act", async () => {
    runner.write(
      "deploy.yml",
      `- name: Break
  hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "::set-output name=url::stolen"}
    - name: Stop here
      ansible.builtin.command: {argv: [sh, -c, "echo the cause >&2; exit 3"]}
      changed_when: false
      when: inventory_hostname == "b"
`,
    );
    const step = await runner.main({ playbook: "deploy.yml", inventory: `a ${LOCAL}\nb ${LOCAL}` });
    expect(step.code).toBe(1);
    expect(step.outputs).toMatchObject({
      status: "failed",
      "ok-hosts": "1",
      "failed-hosts": "1",
      "failed-host-names": '["b"]',
      url: "",
    });
    expect(step.log).toMatch(
      /^::error title=b%3A Stop here,file=deploy\.yml,line=6::b: the task "Stop here" failed: .*the cause/m,
    );
    const lines = step.log.split("\n");
    const inside = (index: number) => {
      const token = lines.slice(0, index).findLast((line) => /^::(stop-commands::|[\w-]{36}::$)/.test(line)) ?? "";
      return token.startsWith("::stop-commands::");
    };
    const attempt = lines.findIndex((line) => line.includes("::set-output name=url::stolen"));
    expect(attempt).toBeGreaterThan(0);
    expect(inside(attempt)).toBe(true);
    expect(inside(lines.findIndex((line) => line.startsWith("::error")))).toBe(false);
  });

  it("keeps secrets in private files while it runs, and nowhere afterwards", async () => {
    const secrets = { "become-password": "b3come-pass", "vault-password": "v4ult-pass", env: "TOKEN=t0ken-value" };
    runner.write(
      "deploy.yml",
      `- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command:
        argv: [sh, -c, "{{ ansible_playbook_python }} ${runner.base}/look.py ${runner.temp}; ps -eo args | grep '[a]nsible.release'"]
      register: seen
      changed_when: false
    - ansible.builtin.copy: {dest: ${runner.base}/seen, content: "{{ seen.stdout }}\\n{{ lookup('pipe', 'env | cut -d= -f1') }}", mode: "0600"}
    - ansible.builtin.debug: {msg: "leak {{ django_app_env.TOKEN }} {{ lookup('env', 'INPUT_ENV') }}"}
`,
    );
    // The same on Linux and macOS: mode, kind and path of everything below a folder.
    writeFileSync(
      join(runner.base, "look.py"),
      `import os, stat, sys
for folder, folders, files in os.walk(sys.argv[1]):
    for name in folders + files:
        mode = os.lstat(os.path.join(folder, name)).st_mode
        kind = stat.filemode(mode)[0].replace("-", "f")
        print(oct(mode & 0o7777)[2:], kind, os.path.relpath(os.path.join(folder, name), sys.argv[1]))
`,
    );
    const step = await runner.main({
      playbook: "deploy.yml",
      inventory: `a ${LOCAL}`,
      "ssh-private-key": key,
      "known-hosts": "h ssh-ed25519 AAAA",
      ...secrets,
    });
    expect(step.code, step.log).toBe(0);
    const seen = readFileSync(join(runner.base, "seen"), "utf8");
    const entries = seen.split("\n").filter((line) => /^\d+ [dfls] django-ansible-deploy-/.test(line));
    for (const name of [
      "become-password",
      "vault-password",
      "key",
      "known_hosts",
      "ssh_config",
      "vars.json",
      "inventory/inventory.ini",
    ]) {
      expect(
        entries.filter((line) => line.endsWith(`/${name}`)),
        name,
      ).toEqual([expect.stringMatching(/^600 f /)]);
    }
    // Below tmp/ Ansible writes with modes of its own; the folder itself is closed.
    for (const line of entries.filter((entry) => !entry.includes("/tmp/")))
      expect(line).toMatch(/^(600 f|700 d|755 d|777 l) /);
    expect(entries[0]).toMatch(/^700 d /);
    // It reads its arguments.
    expect(seen).toMatch(/bin\/python -P -c .*import ansible\.release/);
    for (const secret of ["b3come-pass", "v4ult-pass", "t0ken-value", keyLine]) {
      expect(seen).not.toContain(secret);
      expect(visible(step.log)).not.toContain(secret);
      expect(step.log).toContain(`::add-mask::${secret.replaceAll("%", "%25")}`);
      expect(JSON.stringify([step.outputs, step.state, step.summary])).not.toContain(secret);
      expect(
        execFileSync("sh", ["-c", `grep -rlF -- "${secret}" ${runner.temp} ${runner.workspace} || true`], {
          encoding: "utf8",
        }),
      ).toBe("");
    }
    expect(step.log.indexOf("::add-mask::")).toBe(step.log.search(/\S/));
    expect(readdirSync(runner.temp)).toEqual([expect.stringMatching(/^deploy-summary-.*\.md$/)]);
    expect(existsSync(step.state.controlFolder ?? "")).toBe(false);
    for (let times = 0; times < 2; times++) {
      const post = await runner.post();
      expect([post.code, post.log.trim()]).toEqual([0, ""]);
    }
  });

  it("names the cause when Ansible ends before any host", async () => {
    runner.write("deploy.yml", "- hosts: all\n  tasks:\n    - no_such_module: {}\n");
    const step = await runner.main({ playbook: "deploy.yml", inventory: `a ${LOCAL}` });
    expect(step.log).toMatch(
      /^::error file=deploy\.yml,line=3::The playbook uses the module "no_such_module", which is not there/m,
    );
    expect(step.log).toMatch(
      /^::error::The playbook uses the module "no_such_module", which is not there \(.*deploy\.yml:3\)/m,
    );
    expect(step.outputs).toMatchObject({ status: "failed", "total-hosts": "0" });
  });

  it("uses a project's ansible.cfg beside its own settings", async () => {
    runner.write(
      "infra/ansible.cfg",
      "[defaults]\nroles_path = ./my-roles\nstdout_callback = minimal\ncallbacks_enabled = timer\n",
    );
    runner.write("infra/my-roles/own/tasks/main.yml", "- ansible.builtin.debug: {msg: from own role}\n");
    runner.write("infra/deploy.yml", "- hosts: all\n  gather_facts: false\n  roles: [own]\n");
    const step = await runner.main({ "working-directory": "infra", playbook: "deploy.yml", inventory: `a ${LOCAL}` });
    expect(step.code, step.log).toBe(0);
    expect(step.log).toContain("from own role");
    expect(step.outputs["ok-hosts"]).toBe("1");
  });

  it("needs neither uv nor network when the tool cache is full", async () => {
    runner.write("deploy.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n");
    const inputs = { playbook: "deploy.yml", inventory: `a ${LOCAL}` };
    expect((await runner.main(inputs)).code).toBe(0);
    const offline = {
      PIP_INDEX_URL: "http://127.0.0.1:9",
      UV_DEFAULT_INDEX: "http://127.0.0.1:9",
      https_proxy: "http://127.0.0.1:9",
      http_proxy: "http://127.0.0.1:9",
    };
    const step = await runner.main(inputs, { env: offline });
    expect(step.code, step.log).toBe(0);
    expect(step.log).toContain("from the tool cache.");
  });

  it("leaves the tool cache to others: readable, with no secret and no half-made folder", async () => {
    runner.write("deploy.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n");
    await runner.main({ playbook: "deploy.yml", inventory: `a ${LOCAL}` });
    for (const tool of readdirSync(runner.toolCache)) {
      expect(statSync(join(runner.toolCache, tool)).isDirectory()).toBe(true);
      const hidden = readdirSync(join(runner.toolCache, tool), { recursive: true, encoding: "utf8" }).filter((path) =>
        /(^|\/)\.x64-|(^|\/)\.arm64-/.test(path),
      );
      expect(hidden).toEqual([]);
    }
  });
});
