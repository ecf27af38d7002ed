import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { cutCable, mendCable } from "./support/fault-breakage.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { fetchPage } from "./support/page.js";

// Three hosts, of which one may fail.
let fleet: Fleet;
let third: Host;

beforeAll(async () => {
  fleet = await startFleet("max-failures", { django_app_max_failures: 1 }, ["app3"]);
  third = fleet.hosts[2] as Host;
  await deployed("1");
});

afterAll(() => fleet?.trial.end());

async function deployed(version: string): Promise<ActionResult> {
  await commitVersion(fleet.project, version);
  const result = await fleet.deploy();
  if (version === "1") expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
}

/** The version that each host answers with, and that no host is left with a lock or a way back that waits. */
async function versions(): Promise<string[]> {
  return Promise.all(
    fleet.hosts.map(async (host) => {
      const { lock, undo } = await stateOf(host);
      expect({ host: host.name, lock, undo }).toEqual({ host: host.name, lock: "", undo: false });
      return /Version ([^<]+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "none";
    }),
  );
}

// Variables of the second host.
const own = "inventory/host_vars/app2.yml";
const broken = "/etc/nginx/conf.d/broken.conf";

test("a rollback whose release fails its visitors on one host stops all", async () => {
  await deployed("1b");
  fleet.project.write(own, 'django_app_bake_checks: ["http://127.0.0.1:9/"]\n');
  const result = await fleet
    .deploy({ inputs: { operation: "rollback", vars: "django_app_bake: 3" } })
    .finally(() => fleet.project.write(own, "{}\n"));
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["app2"]' });
  expect(await versions()).toEqual(["1b", "1b", "1b"]);
});

test("a host that is down from the start keeps its release, and the next deploy brings it along", async () => {
  await cutCable(third);
  const result = await deployed("2").finally(() => mendCable(third));
  expect(result.outputs, result.log).toMatchObject({ status: "failed", "unreachable-host-names": '["app3"]' });
  expect(result.log).toContain("app1, app2 serve the release of this run.");
  expect(await versions()).toEqual(["2", "2", "1b"]);
  const next = await fleet.deploy();
  expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app3"]' });
  expect(await versions()).toEqual(["2", "2", "2"]);
});

test("a host whose switch fails goes back alone", async () => {
  await onHost(fleet.app2, `echo 'include /etc/nginx/not-there-yet.conf;' > ${broken}`);
  await commitVersion(fleet.project, "3");
  const result = await fleet
    .deploy({ inputs: { vars: "django_app_max_upload: 11m" } })
    .finally(() => onHost(fleet.app2, `rm ${broken}`));
  expect(result.outputs, result.log).toMatchObject({ status: "failed", "failed-host-names": '["app2"]' });
  expect(result.log).toContain("app1, app3 serve the release of this run.");
  expect(await versions()).toEqual(["3", "2", "3"]);
});

test("a release that fails its visitors on one host stops all: that is no fault of the host", async () => {
  const before = await versions();
  fleet.project.write(own, 'django_app_bake_checks: ["http://127.0.0.1:9/"]\n');
  await commitVersion(fleet.project, "bad");
  const result = await fleet
    .deploy({ inputs: { vars: "{django_app_bake: 3, django_app_batch: 1}" } })
    .finally(() => fleet.project.write(own, "{}\n"));
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["app2"]' });
  expect(await versions()).toEqual(before);
});

test("two are too many, and every host keeps its release", async () => {
  for (const host of [fleet.app2, third])
    await onHost(host, `echo 'include /etc/nginx/not-there-yet.conf;' > ${broken}`);
  await commitVersion(fleet.project, "4");
  const result = await fleet.deploy({ inputs: { vars: "django_app_max_upload: 12m" } }).finally(async () => {
    for (const host of [fleet.app2, third]) await onHost(host, `rm ${broken}`);
  });
  expect(result.outputs, result.log).toMatchObject({
    status: "rolled-back",
    "failed-host-names": '["app2","app3"]',
  });
  expect(await versions()).toEqual(["3", "2", "3"]);
});

test("a rollback goes on without a host that is dead", async () => {
  expect((await fleet.deploy()).outputs.status).toBe("succeeded");
  expect(await versions()).toEqual(["4", "4", "4"]);
  await cutCable(third);
  const result = await fleet.deploy({ inputs: { operation: "rollback" } }).finally(() => mendCable(third));
  expect(result.outputs, result.log).toMatchObject({ status: "failed", "unreachable-host-names": '["app3"]' });
  const [first, second, last] = await versions();
  expect([first, last]).toEqual([second, "4"]);
  expect(first).not.toBe("4");
});

test("the next host leads where the first is down, and a migration that fails stops all", async () => {
  fleet.project.write("inventory/host_vars/app1.yml", "ansible_port: 9\n");
  const led = await deployed("5");
  expect(led.outputs, led.log).toMatchObject({ status: "failed", "unreachable-host-names": '["app1"]' });
  expect((await versions()).slice(1)).toEqual(["5", "5"]);
  fleet.project.write(
    "guestbook/migrations/0099_fails.py",
    `from django.db import migrations


def fail(apps, editor):
    raise ValueError("no")


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.RunPython(fail, fail)]
`,
  );
  const failed = await deployed("6");
  expect(failed.outputs.status, failed.log).toBe("failed");
  expect((await versions()).slice(1)).toEqual(["5", "5"]);
});
