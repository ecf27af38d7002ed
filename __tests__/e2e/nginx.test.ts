import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { full } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { writeTable } from "./support/load-report.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";
import { type Kind, kinds, receiveVisitors, type Seen, visited } from "./support/visitors.js";

// Debian 12's nginx 1.22 and Debian 13's 1.26, with TLS, before an application that has something for every kind of client.
const graceful = 12;
const password = secret("staging");
const variables = {
  app_name: "mysite",
  // Every name: clients of the runner come by address.
  server_name: "_",
  django_settings_module: "mysite.settings.production",
  django_app_asgi: "mysite.asgi:application",
  django_app_health_path: "/healthz",
  gunicorn_graceful_timeout: graceful,
  vault_secret_key: secret("django-key"),
  tls: "files",
  tls_certificate: "/etc/ssl/mysite/certificate.pem",
  tls_certificate_key: "/etc/ssl/mysite/key.pem",
};

let trial: Trial;
let project: Project;
let hosts: [Host, Host];
let run: (request?: DeployRequest) => Promise<ActionResult>;

const makeCertificate = (host: Host): Promise<string> =>
  onHost(
    host,
    "mkdir -p /etc/ssl/mysite && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=mysite.example -keyout /etc/ssl/mysite/key.pem -out /etc/ssl/mysite/certificate.pem 2>/dev/null",
  );

beforeAll(async () => {
  trial = await startTrial("nginx");
  hosts = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready", ports: [443] }),
    trial.host({ name: "app2", suite: "trixie", kind: "ready", ports: [443] }),
  ]);
  await Promise.all(hosts.map(makeCertificate));
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  project.write("inventory/group_vars/all.yml", JSON.stringify(variables));
  project.write("mysite/asgi.py", visited);
  project.write("errors/late.html", "<h1>Our own page for what is late</h1>\n");
  project.write(
    "deploy/site.conf.j2",
    `{% extends 'nginx.conf.j2' %}\n{% block server %}\n    location = /own { return 200 "of the template"; }\n{% endblock %}\n`,
  );
  run = directly(trial, project, hosts);
  await deployed("1");
});

afterAll(() => trial?.end());

const env = "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3";
const deploy = (vars: Record<string, unknown> = {}): Promise<ActionResult> =>
  run({ inputs: { env, ...(Object.keys(vars).length > 0 ? { vars: JSON.stringify(vars) } : {}) } });

async function commit(version: string): Promise<void> {
  project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
  await project.commit(`Version ${version}`);
}

async function deployed(version: string): Promise<void> {
  await commit(version);
  const result = await deploy();
  expect(result.outputs.status, result.log).toBe("succeeded");
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

function get(host: Host, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: host.address,
      port: host.ports[443],
      path,
      headers,
      rejectUnauthorized: false,
      agent: false,
    };
    request(options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
          body: Buffer.concat(parts),
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}

function protocols(host: Host): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { host: host.address, port: host.ports[443] ?? 0, ALPNProtocols: ["h2", "http/1.1"], rejectUnauthorized: false },
      () => {
        resolve(`${socket.alpnProtocol} ${socket.getProtocol()}`);
        socket.destroy();
      },
    ).on("error", reject);
  });
}

describe("nginx of each system", () => {
  test("speaks HTTP/2 and TLS 1.3", async () => {
    for (const host of hosts) expect(await protocols(host)).toBe("h2 TLSv1.3");
  });

  test("sends static files compressed once, to less than a third of their bytes, and hashed ones for ever", async () => {
    for (const host of hosts) {
      const paths = (await onHost(host, "cd /opt/mysite/static && find . -type f ! -name '*.gz' -printf '%P\\n'"))
        .trim()
        .split("\n");
      let [plain, compressed] = [0, 0];
      for (const path of paths) {
        const answer = await get(host, `/static/${path}`, { "Accept-Encoding": "gzip" });
        const content = answer.headers["content-encoding"] === "gzip" ? gunzipSync(answer.body) : answer.body;
        plain += content.length;
        compressed += answer.body.length;
        const hashed = /\.[0-9a-f]{12}\./.test(path);
        expect(answer.headers["cache-control"]?.includes("immutable") ?? false, path).toBe(hashed);
        expect(answer.headers, path).toMatchObject({ "x-content-type-options": "nosniff", etag: expect.any(String) });
      }
      console.log(
        `${host.name}: ${paths.length} static files have ${plain} bytes and are sent as ${compressed}: ${(compressed / plain).toFixed(3)}`,
      );
      expect(compressed / plain).toBeLessThan(0.3);
    }
  });

  test("returns the id of a request, and its own log has it with slot, release and time", async () => {
    for (const host of hosts) {
      const { headers } = await get(host, "/version", { "X-Request-ID": "of-a-visitor-who-is-not-trusted" });
      const id = headers["x-request-id"] ?? "";
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect(headers).not.toHaveProperty("x-release");
      const line = await onHost(host, `grep ${id} /var/log/nginx/mysite.access.log`);
      expect(line).toMatch(
        /"GET \/version HTTP\/1.1" 200 .* upstream=0\.\d+ slot=(blue|green) release=\d{8}T\d{6}Z-[0-9a-f]{7} id=/,
      );
    }
  });

  test("shows a page where the application does not answer", async () => {
    const [host] = hosts;
    await onHost(host, "systemctl stop mysite@blue.socket mysite@blue.service");
    const down = await get(host, "/version");
    await onHost(host, "systemctl start mysite@blue.socket mysite@blue.service");
    expect(down.status).toBe(502);
    expect(down.body.toString()).toContain("We will be right back");
    expect((await get(host, "/.django-ansible-deploy/pages/502.html")).status).toBe(404);
  });
});

describe("what a project adds", () => {
  const more = {
    django_app_basic_auth: { team: password },
    django_app_rate_limits: [{ path: "/limited", rate: "1r/m", burst: 1 }],
    django_app_nginx_locations: {
      "= /robots.txt": "return 200 'of a location';",
      "/upload": "client_max_body_size 100m;",
    },
    django_app_nginx_server_extra: "location = /extra { return 200 'of the server'; }",
    django_app_nginx_template: "deploy/site.conf.j2",
    django_app_error_pages: { "504": "errors/late.html" },
  };

  test("is there, and a second deploy with it changes nothing", async () => {
    const result = await deploy(more);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.log).not.toContain(password);
    const authorized = { Authorization: `Basic ${Buffer.from(`team:${password}`).toString("base64")}` };
    for (const host of hosts) {
      expect((await get(host, "/version")).status).toBe(401);
      for (const [path, body] of [
        ["/robots.txt", "of a location"],
        ["/extra", "of the server"],
        ["/own", "of the template"],
        ["/version", "Version 1 0"],
      ])
        expect((await get(host, path ?? "", authorized)).body.toString()).toBe(body);
      const limited = [];
      for (let number = 0; number < 4; number++) limited.push((await get(host, "/limited", authorized)).status);
      expect(limited).toEqual([404, 404, 429, 429]);
      expect(await onHost(host, "cat /etc/mysite/pages/504.html")).toContain("Our own page");
      expect(await onHost(host, "cat /etc/mysite/htpasswd")).toMatch(/^team:\$6\$/);
    }
    const again = await deploy(more);
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  test("is refused by nginx with the line, and the site stays as it was", async () => {
    const result = await deploy({ ...more, django_app_nginx_server_extra: "no_directive_of_nginx on;" });
    expectRefused(result, /unknown directive "no_directive_of_nginx".*/);
    expect(result.log).toContain("That line is: no_directive_of_nginx on;");
    for (const host of hosts) {
      expect(await onHost(host, "nginx -t 2>&1")).toContain("successful");
      expect((await get(host, "/version")).status).toBe(401);
    }
    const back = await deploy();
    expect(back.outputs.status, back.log).toBe("succeeded");
    for (const host of hosts) expect((await get(host, "/version")).status).toBe(200);
  });
});

describe("visitors of every kind", () => {
  const clients: Record<Kind, number> = full
    ? { WebSocket: 100, "event stream": 20, "keep-alive": 20, "HTTP/2": 10, "upload of 5 MB": 5, download: 5 }
    : { WebSocket: 10, "event stream": 4, "keep-alive": 6, "HTTP/2": 4, "upload of 5 MB": 2, download: 2 };

  test(
    "are not cut through deploys, one that fails, a change of nginx, another certificate and a rollback",
    async () => {
      const visitors = receiveVisitors(hosts, { clients, graceful });
      let seen: Record<Kind, Seen>;
      try {
        for (let number = 2; number < (full ? 22 : 4); number++) await deployed(String(number));
        await commit("broken");
        const failed = await deploy({ django_app_health_statuses: [418], django_app_health_timeout: 3 });
        expect(failed.outputs.status, failed.log).not.toBe("succeeded");
        const changed = await run({ inputs: { operation: "rollback", env } });
        expect(changed.outputs.status, changed.log).toBe("succeeded");
        for (const host of hosts) {
          await makeCertificate(host);
          await onHost(host, "systemctl reload nginx");
        }
        await commit("last");
        const last = await deploy({ django_app_max_upload: "11m" });
        expect(last.outputs.status, last.log).toBe("succeeded");
      } finally {
        seen = await visitors.stop();
      }
      const headings = [
        "clients",
        "kind",
        "sent",
        "answered",
        "cut",
        "ended with their slot",
        "without a close frame",
        "longest reconnect, ms",
        "longest pause, ms",
      ];
      const rows = kinds.map((kind) => {
        const { sent, answered, cut, toldToGo, withoutWord, longestReconnect, longestPause } = seen[kind];
        return [
          clients[kind],
          kind,
          sent,
          answered,
          cut.length,
          toldToGo,
          withoutWord,
          longestReconnect,
          longestPause,
        ].map(String);
      });
      for (const row of [headings, ...rows]) console.log(row.join(" | "));
      if (full) writeTable("connections", headings, rows, 2);
      for (const kind of kinds) {
        expect(seen[kind].cut, kind).toEqual([]);
        expect(seen[kind].longestReconnect, kind).toBeLessThan(1000);
        if (kind !== "event stream") expect(seen[kind].answered, kind).toBe(seen[kind].sent);
      }
    },
    full ? 3_600_000 : 600_000,
  );
});
