// The second day: the same commit, and one thing is different. Whatever it is, the live release stays as it is until another one takes over.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
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
let host: Host;

beforeAll(async () => {
  trial = await startTrial("second-day");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  await onHost(
    host,
    `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=second.example -keyout ${CERTIFICATE}.key -out ${CERTIFICATE}.pem 2>/dev/null`,
  );
});

afterAll(() => trial?.end());

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
  { name: "cms", page: "/", inFull: true, create: () => startProject(trial, "wagtail", "cms"), vars: {} },
];

for (const kind of KINDS.filter(({ inFull }) => full || inFull !== true)) {
  describe(`the same commit of ${kind.name}`, () => {
    let project: Project;
    let commit: string;

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

    beforeAll(async () => {
      project = await kind.create();
      project.write("inventory/hosts.yml", inventory([host]));
      commit = await project.commit("The commit");
      const first = await deploy({});
      expect(first.outputs.status, first.log).toBe("succeeded");
      await onHost(
        host,
        `echo kept > /opt/${kind.name}/shared/kept; chown ${kind.name}: /opt/${kind.name}/shared/kept`,
      );
    });

    test.each(VARIED.filter(({ inFull }) => full || inFull !== true))("with $name", async (varied) => {
      const before = await live();
      const slot = await onHost(host, `basename $(readlink /opt/${kind.name}/current)`);
      const release = before.split("\n").at(-1);
      // Workers of the live slot end at any moment, and find what they started from.
      await onHost(
        host,
        `cat > /run/restless <<'SCRIPT'
while sleep 2; do main=$(systemctl show -p MainPID --value ${kind.name}@${slot}.service); [ "$main" -gt 1 ] && pkill -9 -P "$main"; done
SCRIPT
systemd-run --quiet --unit restless sh /run/restless`,
      );
      let result: ActionResult;
      try {
        result = await deploy(varied);
      } finally {
        await onHost(host, "systemctl stop restless.service");
      }
      expect(result.outputs, result.log).toMatchObject({ status: "succeeded", revision: commit, "changed-hosts": "1" });
      expect(`/opt/${kind.name}/releases/${result.outputs.release}` === release, result.log).toBe(
        varied.another !== true,
      );
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
  });
}
