import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, must, onHost, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { actionCopy } from "./support/action-copy.js";
import { directly } from "./support/direct.js";
import { commitVersion, site } from "./support/fault-fleet.js";
import { testInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { failures, type Sample, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// fixtures/layout-1.tar.xz is the collection as it was before hosts had a number of their layout. What it leaves on a host, this one has to take over.
let trial: Trial;
let project: Project;
let host: Host;
let deployBefore: ReturnType<typeof directly>;
let deploy: ReturnType<typeof directly>;
let oldRelease = "";

beforeAll(async () => {
  trial = await startTrial("upgrade");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  const password = secret("database");
  await servePostgres(host, { database: "mysite", user: "mysite", password });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  project.write(
    "inventory/group_vars/all.yml",
    JSON.stringify({
      app_name: "mysite",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      db_host: "app1",
      db_name: "mysite",
      db_user: "mysite",
      vault_db_password: password,
      vault_secret_key: secret("django-key"),
    }),
  );
  deploy = directly(trial, project, [host]);
  deployBefore = directly(trial, project, [host], await actionBefore());
  await commitVersion(project, "1");
  const first = await deployBefore();
  expect(first.outputs.status, first.log).toBe("succeeded");
  oldRelease = first.outputs.release ?? "";
  // What takes over has to make files that others read, whatever an administrator set meanwhile; sudo gives root no wider umask back.
  await onHost(
    host,
    "for part in common-session common-session-noninteractive; do echo 'session optional pam_umask.so umask=077' >> /etc/pam.d/$part; done",
  );
});

afterAll(() => trial?.end());

/** The action with the collection of then. */
async function actionBefore(): Promise<string> {
  const folder = mkdtempSync(join(trial.folder, "before-"));
  cpSync(actionCopy, folder, { recursive: true, verbatimSymlinks: true });
  rmSync(join(folder, "ansible_collections"), { recursive: true });
  await must([
    "tar",
    "--extract",
    "--xz",
    "--file",
    join(projectFolder, "__tests__/e2e/fixtures/layout-1.tar.xz"),
    "--directory",
    folder,
  ]);
  return folder;
}

async function underLoad<T>(work: () => Promise<T>): Promise<{ result: T; samples: Sample[] }> {
  const load = startLoad([host], site);
  const result = await work().finally(() => load.stop());
  expect(failures(load.samples)).toEqual([]);
  expect(load.samples.length).toBeGreaterThan(50);
  return { result, samples: load.samples };
}

const version = async (): Promise<string> => /Version (\S+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "";
const layoutOf = (release: string): Promise<string> =>
  onHost(
    host,
    `python3 -c 'import json; print(json.load(open("/opt/mysite/releases/${release}/release.json")).get("layout"))'`,
  );

describe("a host that was deployed by the version before", () => {
  test("serves, and has no number of its layout", async () => {
    expect(await version()).toBe("1");
    expect(await onHost(host, "ls /opt/mysite/.layout 2>/dev/null || true")).toBe("");
    expect(await layoutOf(oldRelease)).toBe("None");
  });

  test("is taken over by the next deploy of the same commit without a lost request, with umask 077", async () => {
    expect(await onHost(host, "runuser -l deploy -c 'sudo sh -c umask'")).toBe("0077");
    const { result } = await underLoad(() => deploy());
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await version()).toBe("1");
    expect(await onHost(host, "cat /opt/mysite/.layout")).toBe("2");
    expect(await layoutOf(result.outputs.release ?? "")).toBe("2");
    expect((await fetchPage(host, site, "/static/guestbook/style.css")).status).toBe(200);
    expect((await deploy()).outputs["changed-tasks"], result.log).toBe("0");
  });

  test("goes on to a new commit, and back to a release of then, without a lost request", async () => {
    await commitVersion(project, "2");
    const { result } = await underLoad(async () => {
      const run = await deploy();
      expect(run.outputs.status, run.log).toBe("succeeded");
      return deploy({ inputs: { operation: "rollback", revision: oldRelease } });
    });
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.outputs.release).toBe(oldRelease);
    expect(await version()).toBe("1");
    await onHost(host, "systemctl restart 'mysite@*.service'");
    expect(await version()).toBe("1");
  });

  testInFull("is taken over as well where that version never came through, since umask was 077", async () => {
    const given = { inputs: { vars: "app_name: closed\nserver_name: closed.example" } };
    const failed = await deployBefore(given);
    expect(failed.outputs.status, failed.log).toBe("failed");
    // Only root enters what it left: uv, and a virtual environment.
    expect(await onHost(host, "stat -c %a /opt/closed/tools /opt/closed/venvs/*")).toBe("700\n700");
    const run = await deploy(given);
    expect(run.outputs.status, run.log).toBe("succeeded");
    expect((await fetchPage(host, "closed.example")).status).toBe(200);
  });

  test("is refused by this version when a newer one has deployed to it", async () => {
    await onHost(host, "echo 3 > /opt/mysite/.layout");
    const run = await deploy();
    expect(run.outputs.status).toBe("failed");
    expect(run.log).toContain(
      "was deployed by a newer version of django-ansible-deploy (its layout is 3, this version knows 2)",
    );
    expect(await version()).toBe("1");
  });
});
