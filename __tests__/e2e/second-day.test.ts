// The second day, on a host with umask 077: the same commit, and one thing is different. Whatever it is, the live release stays as it is until another one takes over.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, type Suite } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { full } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startProject } from "./support/templates.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const key = secret("django-key");
const CERTIFICATE = "/etc/ssl/private/second-day";

let trial: Trial;

beforeAll(async () => {
  trial = await startTrial("second-day");
});

afterAll(() => trial?.end());

async function closedHost(name: string, suite: Suite): Promise<Host> {
  const host = await trial.host({ name, suite, kind: "ready" });
  await onHost(
    host,
    // As some administrators have it: nothing that a deploy makes may depend on the host's own umask.
    `for part in common-session common-session-noninteractive; do echo 'session optional pam_umask.so umask=077' >> /etc/pam.d/$part; done
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=second.example -keyout ${CERTIFICATE}.key -out ${CERTIFICATE}.pem 2>/dev/null`,
  );
  return host;
}

interface Wishes {
  readonly env?: readonly string[];
  readonly vars?: Readonly<Record<string, unknown>>;
}

/** What is different from the first deploy, and whether that makes another release of the commit. */
const VARIED: ReadonlyArray<Wishes & { name: string; another?: boolean; inFull?: boolean; status?: number }> = [
  { name: "one more variable of env", env: ["ONE_MORE=1"] },
  { name: "another server name", vars: { server_name: "other.example second.example" } },
  { name: "another installer", vars: { django_app_installer: "pip" }, another: true },
  {
    ...{ name: "TLS", inFull: true, status: 301 },
    vars: { tls: "files", tls_certificate: `${CERTIFICATE}.pem`, tls_certificate_key: `${CERTIFICATE}.key` },
  },
  {
    name: "TLS off again and a setting overridden",
    inFull: true,
    vars: { django_app_settings_override: { APPEND_SLASH: false } },
  },
];

interface Kind {
  readonly name: string;
  /** What the host runs, whose Python has to do. */
  readonly suite?: Suite;
  /** One of its own pages. */
  readonly page: string;
  readonly inFull?: boolean;
  readonly create: () => Promise<Project>;
  readonly vars: Readonly<Record<string, unknown>>;
}

const KINDS: readonly Kind[] = [
  {
    name: "example",
    page: "/",
    create: async () => createProject(trial, "examples/mysite"),
    vars: { django_settings_module: "mysite.settings.production" },
  },
  {
    name: "blog",
    page: "/admin/login/",
    inFull: true,
    create: () => startProject(trial, "django-admin", "blog"),
    vars: {},
  },
  {
    name: "cms",
    suite: "trixie",
    page: "/",
    inFull: true,
    create: () => startProject(trial, "wagtail", "cms"),
    vars: {},
  },
];

for (const kind of KINDS.filter(({ inFull }) => full || inFull !== true)) {
  describe(`the same commit of ${kind.name}`, () => {
    let host: Host;
    let project: Project;
    let commit: string;
    let first = "";

    const deploy = ({ env = [], vars = {} }: Wishes): Promise<ActionResult> =>
      directly(trial, project, [host])({
        inputs: {
          env: [`DATABASE_URL=sqlite:////opt/${kind.name}/shared/db.sqlite3`, ...env].join("\n"),
          vars: JSON.stringify({
            ...{ app_name: kind.name, server_name: "second.example", vault_secret_key: key, ...kind.vars, ...vars },
          }),
        },
      });

    /** All that the live release is made of: its files with owners, modes and times, and what its slot was started with. */
    const live = (): Promise<string> =>
      onHost(
        host,
        `cd /opt/${kind.name}/current/ && find . ../../venvs -mindepth 1 -printf '%p %y %m %u %g %s %T@ %l\\n' | grep -v release.json | sort; readlink -f .`,
      );

    /** Workers of the live slot end at any moment, and find what they started from. */
    async function whileWorkersEnd<T>(work: () => Promise<T>): Promise<T> {
      const slot = await onHost(host, `basename $(readlink /opt/${kind.name}/current)`);
      await onHost(
        host,
        `cat > /run/restless <<'SCRIPT'
while sleep 2; do main=$(systemctl show -p MainPID --value ${kind.name}@${slot}.service); [ "$main" -gt 1 ] && pkill -9 -P "$main"; done
SCRIPT
systemd-run --quiet --unit restless sh /run/restless`,
      );
      try {
        return await work();
      } finally {
        await onHost(host, "systemctl stop restless.service");
      }
    }

    beforeAll(async () => {
      host = await closedHost(`${kind.name}1`, kind.suite ?? "bookworm");
      project = await kind.create();
      project.write("inventory/hosts.yml", inventory([host]));
      commit = await project.commit("The commit");
      const run = await deploy({});
      expect(run.outputs.status, run.log).toBe("succeeded");
      first = run.outputs.release ?? "";
      await onHost(
        host,
        `echo kept > /opt/${kind.name}/shared/kept; chown ${kind.name}: /opt/${kind.name}/shared/kept`,
      );
    });

    test.each(VARIED.filter(({ inFull }) => full || inFull !== true))("with $name", async (varied) => {
      const before = await live();
      const release = before.split("\n").at(-1);
      const result = await whileWorkersEnd(() => deploy(varied));
      expect(result.outputs, result.log).toMatchObject({ status: "succeeded", revision: commit, "changed-hosts": "1" });
      // Of the same commit, built the same way: whatever was live in between.
      expect(result.outputs.release === first, result.log).toBe(varied.another !== true);
      // The release that was live is untouched, and what it was started with is still there for it.
      const places = `cd ${release} && find . -mindepth 1 -printf '%p %y %m %u %g %s %T@ %l\\n' | grep -v release.json | sort; readlink -f .`;
      const own = (text: string) => text.split("\n").filter((line) => !line.startsWith("../../venvs"));
      expect(own(await onHost(host, places))).toEqual(own(before));
      await onHost(host, `systemctl restart ${kind.name}@$(basename $(readlink /opt/${kind.name}/current)).service`);
      const name = String(varied.vars?.server_name ?? "second.example").split(" ")[0] ?? "";
      await expect
        .poll(async () => (await fetchPage(host, name, kind.page)).status, { timeout: 20_000 })
        .toBe(varied.status ?? 200);
      const missing = await fetchPage(host, name, "/no-such-page/");
      expect(missing.body).not.toContain("DEBUG = True");
      expect(await onHost(host, `cat /opt/${kind.name}/shared/kept`)).toBe("kept");
      const again = await deploy(varied);
      expect(again.outputs, again.log).toMatchObject({
        status: "succeeded",
        "changed-hosts": "0",
        "changed-tasks": "0",
      });
    });

    test("is deployed while packages have systemd read its units again and again", async () => {
      // Each command of a deploy takes a second before it begins, so that this happens meanwhile.
      const late = "/etc/systemd/system/django-ansible-deploy-.service.d";
      await onHost(
        host,
        `mkdir ${late}; printf '[Service]\\nExecStartPre=/bin/sleep 1\\n' > ${late}/late.conf
printf 'while sleep 0.3; do systemctl daemon-reload; done' > /run/reading; systemd-run --quiet --unit=reading sh /run/reading`,
      );
      try {
        const result = await deploy({ env: ["READ=again"] });
        expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
      } finally {
        await onHost(host, `systemctl stop reading.service; rm -r ${late}; systemctl daemon-reload`);
      }
    });

    test("that cannot start with another variable leaves the live release as it is", async () => {
      const before = await live();
      const result = await deploy({
        vars: { django_app_settings_override: { DATABASES: {}, ROOT_URLCONF: "no.such.module" } },
      });
      expect(result.outputs.status, result.log).toBe("failed");
      expect(await live()).toBe(before);
      await onHost(host, `systemctl restart ${kind.name}@$(basename $(readlink /opt/${kind.name}/current)).service`);
      await expect
        .poll(async () => (await fetchPage(host, "second.example", kind.page)).status, { timeout: 20_000 })
        .toBeLessThan(400);
    });

    test("that goes back to the environment before and cannot be prepared keeps what the live slot was started with", async () => {
      const ran = await deploy({ env: ["TURN=first"] });
      expect(ran.outputs.status, ran.log).toBe("succeeded");
      const before = await live();
      const collected = await onHost(host, `sed -n 's/^STATIC_ROOT="\\(.*\\)"$/\\1/p' /etc/${kind.name}/env`);
      const files = await onHost(host, `find ${collected} | sort | md5sum`);
      await whileWorkersEnd(async () => {
        // Prepared, but it never serves: from now on the newest preparation is another one than that of the live slot.
        const second = await deploy({ env: ["TURN=second"], vars: { django_app_health_path: "/no-such-page/" } });
        expect(second.outputs.status, second.log).toMatch(/^(failed|rolled-back)$/);
        await onHost(
          host,
          "mv /usr/bin/systemd-run /usr/bin/systemd-run.real; printf '#!/bin/sh\\nexit 1\\n' > /usr/bin/systemd-run; chmod +x /usr/bin/systemd-run",
        );
        try {
          expect((await deploy({ env: ["TURN=first"] })).outputs.status).toBe("failed");
        } finally {
          await onHost(host, "mv /usr/bin/systemd-run.real /usr/bin/systemd-run");
        }
      });
      expect(await live()).toBe(before);
      expect(await onHost(host, `find ${collected} | sort | md5sum`)).toBe(files);
      const back = await deploy({ env: ["TURN=first"] });
      expect(back.outputs.status, back.log).toBe("succeeded");
      await expect
        .poll(async () => (await fetchPage(host, "second.example", kind.page)).status, { timeout: 20_000 })
        .toBeLessThan(400);
    });

    test("is gone back to with the environment that it last ran with, unless another one is given", async () => {
      const environment = () => onHost(host, `grep -E '^(TURN|DATABASE_URL|SECRET_KEY)=' /etc/${kind.name}/env`);
      // By its name: the release of the other installer is newer than the one that served before.
      const rollback = (revision: string, given: Readonly<Record<string, string>> = {}) =>
        directly(trial, project, [host])({
          inputs: {
            ...{ operation: "rollback", revision, ...given },
            vars: JSON.stringify({ app_name: kind.name, server_name: "second.example", ...kind.vars }),
          },
        });
      const older = await deploy({ env: ["TURN=older"] });
      expect(older.outputs.status, older.log).toBe("succeeded");
      const ran = await environment();
      expect(ran).toContain('TURN="older"');
      project.write("note.txt", "another");
      await project.commit("Another commit");
      const newer = await deploy({ env: ["TURN=newer"] });
      expect(newer.outputs.status, newer.log).toBe("succeeded");
      const back = await rollback(older.outputs.release ?? "");
      expect(back.outputs, back.log).toMatchObject({ status: "succeeded", release: older.outputs.release });
      expect(back.log).toContain(
        `release ${older.outputs.release} starts with what it last ran with for variables that are not given: DATABASE_URL, SECRET_KEY, TURN`,
      );
      expect(await environment()).toBe(ran);
      expect((await fetchPage(host, "second.example", kind.page)).status).toBeLessThan(400);
      expect((await deploy({ env: ["TURN=newer"] })).outputs.status).toBe("succeeded");
      const given = await rollback(older.outputs.release ?? "", { env: "TURN=given" });
      expect(given.outputs, given.log).toMatchObject({ status: "succeeded", release: older.outputs.release });
      expect(await environment()).toBe(ran.replace('TURN="older"', 'TURN="given"'));
    });
  });
}
