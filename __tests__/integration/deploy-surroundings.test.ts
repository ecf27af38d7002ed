import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Runner, visible } from "./support/runner.js";

const LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"';

let runner: Runner;
afterEach(() => runner.remove());

/** A playbook that writes what it is told, where the test looks for it. */
function writePlaybook(): void {
  runner.write(
    "deploy.yml",
    `- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        dest: ${runner.base}/made
        content: "{{ django_app_env.GREETING }} {{ vaulted | default('') }}"
        mode: "0600"
`,
  );
}

const inputs = { playbook: "deploy.yml", inventory: `a ${LOCAL}`, env: "GREETING=grüße" };

describe("a run works", { timeout: 120_000 }, () => {
  it("in a workspace that everybody may write to, with blanks and letters of all kinds in its path", async () => {
    runner = new Runner("odd näme (1) 'ü' 日本");
    writePlaybook();
    // Ansible itself would pass over this file here.
    runner.write("ansible.cfg", "[defaults]\nforce_color = false\nlog_path = ./ansible.log\n");
    chmodSync(runner.workspace, 0o777);
    const step = await runner.main({ ...inputs, "become-password": "b3come-pass" });
    expect(step.code, step.log).toBe(0);
    expect(readFileSync(join(runner.base, "made"), "utf8")).toBe("grüße ");
    expect(existsSync(join(runner.workspace, "ansible.log"))).toBe(true);
  });

  it.each(["0777", "0000"])("with umask %s, and its files keep their own modes", async (umask) => {
    runner = new Runner();
    writePlaybook();
    let modes: string[] = [];
    const step = await runner.main(inputs, {
      before: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"],
      onLog: () => {
        const [folder] = readdirSync(runner.temp).filter((name) => name.startsWith("django-ansible-deploy-"));
        if (folder === undefined || modes.length > 0 || !existsSync(join(runner.temp, folder, "tmp"))) return;
        modes = ["", "vars.json", "inventory", "tmp"].map((name) => mode(join(runner.temp, folder, name)));
      },
    });
    expect(step.code, step.log).toBe(0);
    expect(modes).toEqual(["700", "600", "700", "700"]);
  });

  it("without HOME, in a locale without UTF-8, with a TMPDIR too deep for sockets", async () => {
    runner = new Runner();
    writePlaybook();
    const deep = join(runner.base, ...Array.from({ length: 12 }, (_, index) => `a-rather-long-folder-${index}`));
    runner.write("keep", "");
    const step = await runner.main(inputs, {
      env: { HOME: undefined, LANG: "de_DE.ISO-8859-1", LC_ALL: "POSIX", TMPDIR: deep },
      before: ["sh", "-c", `mkdir -p "$TMPDIR"; exec "$@"`, "sh"],
    });
    expect(step.code, step.log).toBe(0);
    expect(readFileSync(join(runner.base, "made"), "utf8")).toBe("grüße ");
    expect(step.state.controlFolder?.length).toBeLessThan(20);
    expect(readdirSync(deep)).toEqual([]);
  });

  it("beside an ansible.cfg that asks for passwords, has callbacks of its own and a vault file of somebody's machine", async () => {
    runner = new Runner();
    writePlaybook();
    runner.write(
      "ansible.cfg",
      `[defaults]
stdout_callback = minimal
callbacks_enabled = timer
ask_pass = true
ask_vault_pass = true
vault_password_file = ~/.vault-of-a-developer
[privilege_escalation]
become_ask_pass = true
[ssh_connection]
control_path = /tmp/cm-%%h
`,
    );
    const step = await runner.main(inputs);
    expect(step.code, step.log).toBe(0);
    expect(step.outputs).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    const withPassword = await runner.main({ ...inputs, "vault-password": "v4ult-pass" });
    expect(withPassword.code, withPassword.log).toBe(0);
    expect(visible(withPassword.log)).not.toContain("v4ult-pass");
  });
});

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
