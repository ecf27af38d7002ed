import { cpSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type Host, must, onHost } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { actionCopy } from "./support/action-copy.js";
import { describeInFull } from "./support/full.js";
import { inventory, knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { createReader, type Reader } from "./support/reader.js";
import { tool } from "./support/tools.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// docs/without-github.md from a laptop, on a host whose sudo requires a password. The variables of the second deploy are those
// of docs/nginx.md and docs/growing.md which no other test has.
const sudo = secret("sudo");
const site = "www.example.com";
const page = "docs/without-github.md";

let trial: Trial;
let host: Host;
let project: Project;
let reader: Reader;

const block = (containing: string): string => {
  const found = blocksOf(page).find(({ text }) => text.includes(containing));
  if (found === undefined) throw new Error(`${page} has no block with ${containing}.`);
  return found.text;
};

describeInFull(page, () => {
  beforeAll(async () => {
    trial = await startTrial("without-github");
    host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready", password: sudo });
    project = await createProject(trial, "examples/mysite", "reader/mysite");
    project.write("inventory/production.yml", inventory([host]));
    const variables = {
      ...parse(block("app_name: mysite")),
      vault_secret_key: secret("django-key"),
      django_app_env: { DATABASE_URL: "sqlite:////opt/mysite/shared/db.sqlite3" },
    };
    project.write("group_vars/all.yml", JSON.stringify(variables));
    await project.commit("A guestbook");
    reader = createReader(dirname(project.folder), trial.key.file, knownHosts([host]));
    for (const name of ["ansible-playbook", "ansible-doc"]) {
      reader.command(name, `#!/bin/sh\nexec ${tool(name)} "$@"\n`);
    }
    await publish(join(trial.folder, "published"));
  });
  afterAll(() => trial?.end());

  /** The action's repository with its tag, for `git clone` from GitHub. */
  async function publish(folder: string): Promise<void> {
    cpSync(actionCopy, folder, { recursive: true, verbatimSymlinks: true });
    const git = ["git", "-C", folder, "-c", "user.name=Test", "-c", "user.email=test@example.org"] as const;
    await must([...git, "init", "--quiet"]);
    await must([...git, "add", "--all"]);
    await must([...git, "commit", "--quiet", "--message", "The action"]);
    await must([...git, "tag", "v1"]);
    const url = "https://github.com/org/django-ansible-deploy";
    await reader.shell(`git config --global url.${folder}.insteadOf ${url}`, reader.home);
  }

  test("its blocks deploy from a laptop", async () => {
    const log = await reader.shell(`${block("git clone")}${block("ansible-playbook")}`, reader.home, `${sudo}\n`);
    expect(log).toContain("failed=0");
    expect(await fetchPage(host, site)).toMatchObject({ status: 200, body: expect.stringContaining("Version 1<") });
  });

  test("the same with events, hooks, other names and locations of nginx", async () => {
    project.write("hooks/leave.yml", "- ansible.builtin.command: {cmd: touch /run/left, creates: /run/left}\n");
    project.write("hooks/enter.yml", "- ansible.builtin.command: {cmd: touch /run/entered, creates: /run/entered}\n");
    const variables = {
      django_app_hooks: { before_activate: "hooks/leave.yml", after_activate: "hooks/enter.yml" },
      django_app_redirect_names: ["example.com"],
      django_app_allow: ["192.0.2.0/24"],
      django_app_nginx_locations: { "= /robots.txt": "return 200 'of a location';" },
    };
    project.write(
      "group_vars/all.yml",
      JSON.stringify({ ...JSON.parse(project.read("group_vars/all.yml")), ...variables }),
    );
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    await project.commit("Version 2");
    await reader.shell(`${block("EVENTS_PATH")}${block("ansible-playbook")}`, project.folder, `${sudo}\n`);
    expect(await onHost(host, `curl -s -H 'Host: ${site}' http://127.0.0.1/`)).toContain("Version 2<");
    expect(await fetchPage(host, site)).toMatchObject({ status: 403 });
    expect(await onHost(host, "ls /run/left /run/entered")).toBe("/run/entered\n/run/left");
    const asked = (name: string, path: string): Promise<string> =>
      onHost(host, `curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: ${name}' http://127.0.0.1${path}`);
    expect(await asked("example.com", "/a?b=c")).toBe(`301 http://${site}/a?b=c`);
    expect(await asked(site, "/robots.txt")).toMatch(/^200/);
    const events = readFileSync(join(project.folder, "events.jsonl"), "utf8").trim().split("\n");
    expect(events.length).toBeGreaterThan(10);
    for (const event of events) expect(typeof JSON.parse(event)).toBe("object");
  });

  test("the playbooks of its table are there", async () => {
    const names = [...readFileSync(join(actionCopy, page), "utf8").matchAll(/^\| `django_ansible\.deploy\.(\w+)`/gm)];
    expect(names.length).toBeGreaterThan(3);
    const exported = block("ansible-playbook").match(/^export.*$/m)?.[0];
    for (const [, name] of names) {
      const line = `${exported}\nansible-playbook django_ansible.deploy.${name} -i inventory/production.yml --list-tasks`;
      expect(await reader.shell(line, project.folder)).toContain("play #1");
    }
    const status = `${exported}\nansible-playbook django_ansible.deploy.status -i inventory/production.yml --ask-become-pass`;
    expect(await reader.shell(status, project.folder, `${sudo}\n`)).toContain("failed=0");
    const doc = await reader.shell(`${exported}\nansible-doc -t callback django_ansible.deploy.events`, project.folder);
    expect(doc).toContain("DJANGO_ANSIBLE_EVENTS_PATH");
  });
});
