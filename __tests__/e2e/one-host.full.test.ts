import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// docs/one-host.md on a bare host, and what it takes there.
const site = "www.example.com";

let trial: Trial;
let host: Host;
let deploy: () => Promise<ActionResult>;

describeInFull("docs/one-host.md", () => {
  beforeAll(async () => {
    trial = await startTrial("one-host");
    host = await trial.host({ name: "app1", suite: "bookworm", kind: "base" });
    const project = await createProject(trial, "examples/mysite");
    const [variables] = blocksOf("docs/one-host.md");
    project.write("group_vars/all.yml", variables?.text ?? "");
    project.write("inventory/hosts.yml", inventory([host]));
    project.write(
      "mysite/celery.py",
      `import os\n\nfrom celery import Celery\n\napp = Celery("mysite", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])\n\n\n@app.task\ndef add(a, b):\n    return a + b\n`,
    );
    await project.commit("A guestbook with Celery");
    const passwords = {
      vault_db_password: secret("database"),
      vault_redis_password: secret("redis"),
      vault_secret_key: secret("django-key"),
      django_app_python_packages: ["celery[redis]==5.5.3"],
    };
    const run = directly(trial, project, [host]);
    deploy = () => run({ inputs: { "server-name": site, vars: JSON.stringify(passwords) } });
  });
  afterAll(() => trial?.end());

  test("has the site, the database, Redis, workers, a scheduler and a timer after one deploy", async () => {
    const first = await deploy();
    expect(first.outputs.status, first.log).toBe("succeeded");
    expect(await fetchPage(host, site)).toMatchObject({ status: 200, body: expect.stringContaining("Version 1<") });
    const units = "mysite-worker-blue@1 mysite-beat-blue@1 mysite-clearsessions.timer nginx postgresql redis-server";
    expect(await onHost(host, `systemctl is-active ${units}`)).toBe(Array(6).fill("active").join("\n"));
    const sum = `mysite-manage shell -v 0 -c "from mysite.celery import add; print(add.delay(2, 3).get(timeout=20))"`;
    expect(await onHost(host, sum)).toBe("5");
  });

  test("is left alone by a second deploy", async () => {
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });
});
