import { get } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage, type Page } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// A club: its documents are for members, who are asked for by the application; photos are for everybody once its URLs say so.
const site = "club.example";
const key = secret("django-key");

const views = `
import os
from django.http import HttpResponse, HttpResponseForbidden, JsonResponse


def document(request, name):
    if request.headers.get("Member") != "yes":
        return HttpResponseForbidden("for members")
    return HttpResponse(headers={"X-Accel-Redirect": "/protected/" + name, "Content-Type": "text/plain"})


def told(request):
    return JsonResponse({**request.headers, "release": os.getcwd()})
`;
const urls = `
from django.conf import settings
from django.conf.urls.static import static
from django.urls import path
from . import club

urlpatterns = [
    *urlpatterns,
    path("media/documents/<path:name>", club.document),
    path("headers", club.told),
]
`;
const development = `
if settings.DEBUG:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
`;

let trial: Trial;
let project: Project;
let host: Host;
let deploy: (vars?: string[]) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("uploads");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready", ports: [443] });
  project = await createProject(trial, "examples/mysite", "club");
  project.write("inventory/hosts.yml", inventory([host]));
  project.write("mysite/club.py", views);
  project.write("mysite/urls.py", project.read("mysite/urls.py") + urls);
  await project.commit("Documents for members");
  const run = directly(trial, project, [host]);
  deploy = (vars = []) =>
    run({
      inputs: {
        env: "DATABASE_URL=sqlite:////opt/club/shared/db.sqlite3",
        vars: [
          "app_name: club",
          `server_name: ${site}`,
          "django_settings_module: mysite.settings.production",
          `vault_secret_key: ${key}`,
          ...vars,
        ].join("\n"),
      },
    });
});

afterAll(() => trial?.end());

const page = (path: string, headers: Record<string, string> = {}): Promise<Page> =>
  fetchPage(host, site, path, headers);
const answer = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
  const { status, body } = await page(path, headers);
  return `${status} ${body.slice(0, 40)}`;
};
const upload = (name: string): Promise<string> =>
  onHost(
    host,
    `cd /opt/club/shared/media && runuser -u club -- mkdir -p "$(dirname ${name})" && echo "in ${name}" | runuser -u club -- tee ${name}`,
  );

async function expectDeployed(vars: string[] = []): Promise<ActionResult> {
  const result = await deploy(vars);
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
}

describe("uploads are private unless the project or a variable says otherwise", () => {
  test("what Django guards is Django's, and the rest is nobody's", async () => {
    const { log } = await expectDeployed();
    for (const name of ["documents/secret.txt", "photos/party.txt", "private/minutes.txt"]) await upload(name);
    expect(await answer("/media/documents/secret.txt")).toBe("403 for members");
    expect(await answer("/media/photos/party.txt")).toMatch(/^404 /);
    expect(log).toContain("nginx serves no uploads");
  });

  test("a host that served them before says so, and what to set", async () => {
    await onHost(
      host,
      `sed -i 's|^    location / {|    location /media/ {\\n        alias /opt/club/shared/media/;\\n    }\\n\\n&|' /etc/nginx/sites-available/club
       systemctl reload nginx`,
    );
    // nginx answers with the old one for a moment.
    await until("nginx reads its site", 10, async () =>
      (await answer("/media/documents/secret.txt")).startsWith("200 ") ? true : undefined,
    );
    const { log } = await expectDeployed();
    expect(log).toMatch(
      /nginx of this host served uploads below \/media\/ to everybody .*: set django_app_media_public/,
    );
    expect(await answer("/media/documents/secret.txt")).toBe("403 for members");
  });

  test("URLs that serve them in development publish them, but not what Django guards", async () => {
    project.write("mysite/urls.py", project.read("mysite/urls.py") + development);
    await project.commit("Photos for everybody");
    const { log } = await expectDeployed();
    expect(log).toMatch(/nginx serves uploads below \/media\/ to everybody, but for documents/);
    expect(await answer("/media/photos/party.txt")).toBe("200 in photos/party.txt\n");
    for (const path of [
      "/media/documents/secret.txt",
      "/media//documents/secret.txt",
      "/media/x/../documents/secret.txt",
    ])
      expect(await answer(path)).toMatch(/^(403 for members|404 )/);
    const again = await expectDeployed();
    expect(again.outputs["changed-tasks"], again.log).toBe("0");
  });

  test("variables name folders for everybody, and those that Django hands out", async () => {
    await expectDeployed(["django_app_media_public: [photos]", "django_app_media_protected: {/protected/: documents}"]);
    expect(await answer("/media/photos/party.txt")).toBe("200 in photos/party.txt\n");
    expect(await answer("/media/private/minutes.txt")).toMatch(/^404 /);
    expect(await answer("/protected/secret.txt")).toMatch(/^404 /);
    expect(await answer("/media/documents/secret.txt")).toBe("403 for members");
    const handed = await page("/media/documents/secret.txt", { Member: "yes" });
    expect(handed).toMatchObject({ status: 200, body: "in documents/secret.txt\n" });
    expect(handed.headers).toMatchObject({ "content-type": "text/plain", "x-content-type-options": "nosniff" });
  });

  test("a link that the application plants leads to nobody else's files", async () => {
    await onHost(host, "runuser -u club -- ln -s /etc/hostname /opt/club/shared/media/photos/link.txt");
    expect(await answer("/media/photos/link.txt")).toMatch(/^403 /);
  });
});

describe("headers", () => {
  test("a client cannot say who it is, or how it asked", async () => {
    const forged = {
      "X-Forwarded-For": "192.0.2.1",
      "X-Forwarded-Proto": "https",
      "X-Real-IP": "192.0.2.1",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Port": "666",
      "X-Forwarded-Ssl": "on",
      "X-Forwarded-Protocol": "ssl",
      "X-Forwarded-Server": "evil.example",
      "X-Forwarded-Prefix": "/evil",
      Forwarded: "for=192.0.2.1;host=evil.example",
    };
    const told = JSON.parse((await page("/headers", forged)).body);
    expect(JSON.stringify(told)).not.toMatch(/192\.0\.2\.1|evil|666|ssl/);
    expect(told["X-Real-Ip"]).toBe(told["X-Forwarded-For"]);
    expect(told["X-Forwarded-Proto"]).toBe("http");
  });

  test("those of security are on every answer, once", async () => {
    const tls = ["tls: files", "tls_certificate: /etc/ssl/club.pem", "tls_certificate_key: /etc/ssl/private/club.key"];
    await onHost(
      host,
      `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${site} -keyout /etc/ssl/private/club.key -out /etc/ssl/club.pem 2>/dev/null`,
    );
    await expectDeployed([...tls, "django_app_hsts_seconds: 3600", "django_app_media_public: [photos]"]);
    for (const [path, status] of [
      ["/healthz", 200],
      ["/nowhere", 404],
      ["/static/guestbook/style.css", 200],
      ["/static/nowhere.css", 404],
      ["/media/photos/party.txt", 200],
      ["/media/photos/nowhere.txt", 404],
      ["/media/photos/", 403],
    ] as const) {
      const { headers, ...found } = await overTls(path);
      expect({ path, ...found, headers }).toMatchObject({
        path,
        status,
        headers: { "strict-transport-security": "max-age=3600", "x-content-type-options": "nosniff" },
      });
    }
    const hashed = await onHost(host, "cd /opt/club/static && ls guestbook | grep -E 'style\\.[0-9a-f]{12}\\.css$'");
    const { headers } = await overTls(`/static/guestbook/${hashed.trim()}`);
    expect(headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "strict-transport-security": "max-age=3600",
    });
  });
});

function overTls(path: string): Promise<{ status: number | undefined; headers: object }> {
  const options = { host: host.address, port: host.ports[443], path, servername: site, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    get({ ...options, headers: { Host: site } }, (response) => {
      response.resume().on("end", () => resolve({ status: response.statusCode, headers: response.headers }));
    }).on("error", reject);
  });
}
