import { get } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePebble, until } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { testInFull } from "./support/full.js";
import { groupedInventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Two hosts behind one name, and Let's Encrypt's own test authority, which looks for the name on the second host.
const site = "www.mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let app2: Host;
let ca: Host;
let deploy: (tls?: string) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("acme");
  [app1, app2, ca] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready", ports: [443] }),
    trial.host({ name: "app2", suite: "bookworm", kind: "ready", ports: [443] }),
    trial.host({ name: "ca", suite: "trixie", kind: "base" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", groupedInventory({ web: [app1, app2] }));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1, app2]);
  const common = [
    `server_name: ${site} mysite.example`,
    "django_settings_module: mysite.settings.production",
    `vault_secret_key: ${secret("django-key")}`,
    "django_app_health_path: /healthz",
    "django_app_acme_email: ops@mysite.example",
    "django_app_acme_directory: https://ca:14000/dir",
    "django_app_acme_ca: /etc/ssl/pebble.pem",
  ];
  const env = "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3\n";
  deploy = (tls = "acme") => run({ inputs: { vars: [...common, `tls: ${tls}`].join("\n"), env } });
});

afterAll(() => trial?.end());

/** The certificate that nginx shows, and the page behind it. */
function visit(host: Host): Promise<{ issuer: string; names: string; serial: string; status: number }> {
  return new Promise((resolve, reject) => {
    const options = { servername: site, headers: { Host: site }, rejectUnauthorized: false, agent: false };
    get({ host: host.address, port: host.ports[443], path: "/healthz", ...options }, (response) => {
      const certificate = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on("end", () =>
        resolve({
          issuer: String(certificate.issuer.CN),
          names: certificate.subjectaltname ?? "",
          serial: certificate.serialNumber,
          status: response.statusCode ?? 0,
        }),
      );
    }).on("error", reject);
  });
}

const nginx = (host: Host): Promise<string> => onHost(host, "systemctl show --property=MainPID --value nginx");
const accounts = (): Promise<string> =>
  onHost(app1, "find /etc/mysite/certificate/acme -name private_key.json -exec sha256sum {} +");

describe("a certificate from an ACME authority", () => {
  test("while the authority does not answer, nginx serves a self-signed one and the deploy warns", async () => {
    const result = await deploy();
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.log).toMatch(/has no new certificate, nginx serves a self-signed one until then.*certbot/);
    for (const host of [app1, app2]) expect(await visit(host)).toMatchObject({ issuer: site, status: 200 });
  });

  test("it is issued for both names, though the authority asks the host that did not order it", async () => {
    const known = await servePebble(ca, { address: app2.innerAddress, days: 20 }, console.log);
    for (const host of [app1, app2]) await onHost(host, `cat > /etc/ssl/pebble.pem <<'PEM'\n${known}\nPEM`);
    const before = await Promise.all([nginx(app1), nginx(app2)]);
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({
      status: "succeeded",
      "changed-host-names": '["app1","app2"]',
      url: `https://${site}/`,
    });
    const [first, second] = await Promise.all([visit(app1), visit(app2)]);
    expect(first.issuer).toContain("Pebble");
    expect(first.names).toBe(`DNS:${site}, DNS:mysite.example`);
    expect(second).toEqual(first);
    expect(await Promise.all([nginx(app1), nginx(app2)])).toEqual(before);
    // What lies there for the other host is of no use to anyone else.
    expect(
      await onHost(
        app2,
        `curl -s -H 'Host: ${site}' http://app1/.well-known/django-ansible-deploy/mysite | grep -ac KEY || true`,
      ),
    ).toBe("0");
  });

  test("a second run has nothing to change", async () => {
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  test("the hosts renew it themselves, with the same account and without stopping nginx", async () => {
    const [old, account] = [await visit(app1), await accounts()];
    const before = await Promise.all([nginx(app1), nginx(app2)]);
    // It is valid for 20 days, so it is always due.
    for (const host of [app1, app2]) await onHost(host, "systemctl start mysite-certificate.service");
    // A reload returns before the last old worker has let go of the port.
    const renewed = await until("The renewed certificate", 20, async () => {
      const [first, second] = await Promise.all([visit(app1), visit(app2)]);
      return first.serial !== old.serial && first.serial === second.serial ? first : undefined;
    });
    expect(renewed).toMatchObject({ issuer: old.issuer, names: old.names, status: 200 });
    expect(await accounts()).toBe(account);
    expect(await Promise.all([nginx(app1), nginx(app2)])).toEqual(before);
    for (const host of [app1, app2]) {
      expect(await onHost(host, "systemctl is-active mysite-certificate.timer")).toBe("active");
    }
  });

  test("a renewal that fails takes nothing away", async () => {
    const before = await visit(app1);
    await onHost(ca, "systemctl stop pebble");
    // And a host in the middle that gives out something else gets nowhere.
    await onHost(app1, "echo nonsense > /var/lib/mysite-acme/.well-known/django-ansible-deploy/mysite");
    for (const host of [app1, app2]) {
      expect(
        await onHost(
          host,
          "systemctl start mysite-certificate.service 2>/dev/null || journalctl -u mysite-certificate -n 5",
        ),
      ).toContain("no new certificate, the one in place stays");
      expect(await visit(host)).toEqual(before);
    }
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  testInFull("going over to other TLS ends the renewal and keeps the account", async () => {
    const result = await deploy("none");
    expect(result.outputs.status, result.log).toBe("succeeded");
    for (const host of [app1, app2]) {
      expect(await onHost(host, "ls /etc/systemd/system | grep certificate || true")).toBe("");
    }
    expect(await accounts()).not.toBe("");
  });
});
