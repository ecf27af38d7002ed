import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyToHost, type Host, node24, onHost, projectFolder } from "../../scripts/lab/index.mjs";
import { inputDefaults } from "../../scripts/lab/runner.mjs";
import { actionCopy } from "./support/action-copy.js";
import { describeInFull } from "./support/full.js";
import { fetchPage } from "./support/page.js";
import { createProject } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// The runner is a host whose only Python is 3.14, and which has no Ansible yet.
const site = "www.example.com";

let trial: Trial;
let runner: Host;
let app: Host;

const defaults = inputDefaults(readFileSync(join(projectFolder, "action.yml"), "utf8"));

/** A value as a shell takes it. */
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** Runs the action as a step there. Returns what it printed, then its outputs. */
function deploy(inputs: Record<string, string>): Promise<string> {
  const given = {
    "inventory-file": "inventory/hosts.yml",
    "ssh-private-key": trial.key.text,
    "known-hosts": app.hostKeyLines.map((line) => line.replace(/^\S+/, app.innerAddress)).join("\n"),
    ...inputs,
  };
  const environment = {
    ...Object.fromEntries(
      Object.entries({ ...defaults, ...given }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
    ...{ CI: "true", GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "push", GITHUB_JOB: "deploy", HOME: "/root" },
    ...{ GITHUB_REF: "refs/heads/main", GITHUB_REF_NAME: "main", GITHUB_REPOSITORY: "example/mysite" },
    ...{ GITHUB_RUN_ATTEMPT: "1", GITHUB_RUN_ID: "1", GITHUB_RUN_NUMBER: "1", GITHUB_WORKFLOW: "deploy" },
    ...{ GITHUB_SERVER_URL: "https://github.com", GITHUB_WORKSPACE: "/srv/mysite", RUNNER_OS: "Linux" },
    ...{ RUNNER_TEMP: "/srv/temp", RUNNER_TOOL_CACHE: "/srv/tools", RUNNER_ARCH: process.arch.toUpperCase() },
    ...{ GITHUB_OUTPUT: "/srv/output", GITHUB_STATE: "/srv/state", GITHUB_STEP_SUMMARY: "/srv/summary" },
    ...{ GITHUB_ENV: "/srv/env", GITHUB_PATH: "/srv/path" },
  };
  // GitHub's names have dashes, which no shell exports.
  const assignments = Object.entries(environment).map(([name, value]) => quoted(`${name}=${value}`));
  return onHost(
    runner,
    `cd /srv/mysite
mkdir -p /srv/temp /srv/tools
for name in output state summary env path; do : > /srv/$name; done
env ${assignments.join(" ")} /srv/node /srv/action/dist/main/index.js 2>&1 || echo "ended with $?"
cat /srv/output`,
  );
}

describeInFull("a runner with Python 3.14 alone", () => {
  beforeAll(async () => {
    trial = await startTrial("runner-python");
    [runner, app] = await Promise.all([
      trial.host({ name: "runner", suite: "forky", kind: "ready" }),
      trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    ]);
    const project = await createProject(trial, "examples/mysite");
    const host = { ansible_host: app.innerAddress, ansible_user: "deploy" };
    project.write("inventory/hosts.yml", JSON.stringify({ all: { hosts: { app1: host } } }));
    const variables = {
      app_name: "mysite",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      vault_secret_key: secret("django-key"),
      django_app_env: { DATABASE_URL: "sqlite:////opt/mysite/shared/db.sqlite3" },
    };
    project.write("inventory/group_vars/all.yml", JSON.stringify(variables));
    await project.commit("A guestbook");
    await onHost(
      runner,
      "(apt-get -q update && apt-get -q install --yes --no-install-recommends openssh-client git) >&2",
    );
    await copyToHost(runner, actionCopy, "/srv/action");
    await copyToHost(runner, project.folder, "/srv/mysite");
    await copyToHost(runner, node24(), "/srv/node");
  });
  afterAll(() => trial?.end());

  test("installs an Ansible that takes it, and deploys", async () => {
    expect(await onHost(runner, "echo /usr/bin/python3.[0-9]*[0-9]")).toBe("/usr/bin/python3.14");
    const log = await deploy({});
    expect(log).toMatch(/ansible-core [\d.]+ installed/);
    expect(log).toContain("status<<");
    expect(log).toMatch(/^succeeded$/m);
    expect(await onHost(runner, "readlink -f /srv/tools/django-ansible-deploy-ansible/*/*/bin/python")).toBe(
      "/usr/bin/python3.14",
    );
    expect(await fetchPage(app, site)).toMatchObject({ status: 200, body: expect.stringContaining("Version 1<") });
  });

  test("deploys with the next ansible-core as well, which changes nothing", async () => {
    const log = await deploy({ "ansible-version": "2.22.0rc1" });
    expect(log).toContain("ansible-core 2.22.0rc1 installed");
    expect(log).toMatch(/^succeeded$/m);
    expect(log).toMatch(/changed-tasks<<\S+\n0\n/);
  });
});
