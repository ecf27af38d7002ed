import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { expectRefused } from "./support/direct.js";
import { type Site, startSite } from "./support/site.js";
import { secret, startTrial, type Trial } from "./support/trial.js";
import { expectNobodyCut, headings, rowsOf, visit } from "./support/visit.js";
import type { Kind } from "./support/visitors.js";

// Debian 12's nginx 1.22 and Debian 13's 1.26, with TLS, before an application that has something for every kind of client.
const graceful = 12;
const password = secret("staging");
let trial: Trial;
let site: Site;
let hosts: Site["hosts"];
let deploy: Site["deploy"];

beforeAll(async () => {
  trial = await startTrial("nginx");
  site = await startSite(trial, graceful);
  ({ hosts, deploy } = site);
  site.project.write("errors/late.html", "<h1>Our own page for what is late</h1>\n");
  site.project.write(
    "deploy/site.conf.j2",
    `{% extends 'nginx.conf.j2' %}\n{% block server %}\n    location = /own { return 200 "of the template"; }\n{% endblock %}\n`,
  );
  await site.deployed("1");
});

afterAll(() => trial?.end());

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

  test("passes a chunked upload on whole, and has the application end what a visitor leaves", async () => {
    for (const host of hosts) {
      const options = { host: host.address, port: host.ports[443], rejectUnauthorized: false, agent: false } as const;
      const uploaded = await new Promise<string>((resolve, reject) => {
        const out = request({ ...options, path: "/upload", method: "POST" }, (response) => {
          response.setEncoding("utf8").on("data", resolve);
        }).on("error", reject);
        for (let part = 0; part < 10; part++) out.write(Buffer.alloc(100_000));
        out.end();
        expect(out.getHeader("transfer-encoding") ?? "chunked").toBe("chunked");
      });
      expect(uploaded).toBe("Version 1 1000000");
      const open = async (): Promise<number> =>
        Number(await onHost(host, "grep -c ' 03 .* /run/mysite/blue.sock$' /proc/net/unix || true"));
      await new Promise<void>((resolve, reject) => {
        const out = request({ ...options, path: "/events" }, (response) => {
          response.once("data", async () => {
            expect(await open()).toBe(1);
            out.destroy();
            resolve();
          });
        }).on("error", reject);
        out.end();
      });
      await until("the end of the stream in the application", 5, async () => ((await open()) === 0 ? true : undefined));
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

  test("is refused by nginx with the line before anything is done, and the site stays as it was", async () => {
    const releases = (): Promise<string[]> => Promise.all(hosts.map((host) => onHost(host, "ls /opt/mysite/releases")));
    const before = await releases();
    await site.commit("never");
    const result = await deploy({ ...more, django_app_nginx_server_extra: "no_directive_of_nginx on;" });
    expectRefused(result, /unknown directive "no_directive_of_nginx".*/);
    expect(result.log).toContain("That line is: no_directive_of_nginx on;");
    expect(result.outputs.status).toBe("failed");
    expect(await releases()).toEqual(before);
    for (const host of hosts) {
      expect(await onHost(host, "nginx -t 2>&1")).toContain("successful");
      expect((await get(host, "/version")).status).toBe(401);
    }
    const back = await deploy();
    expect(back.outputs.status, back.log).toBe("succeeded");
    for (const host of hosts) expect((await get(host, "/version")).status).toBe(200);
  });
});

test("visitors of every kind are not cut through deploys, one that fails, a change of nginx, another certificate and a rollback", async () => {
  const clients: Record<Kind, number> = {
    WebSocket: 10,
    "event stream": 4,
    "keep-alive": 6,
    "HTTP/2": 4,
    "upload of 5 MB": 2,
    download: 2,
  };
  const visited = await visit(site, { clients, graceful, download: 8, deploys: 2, quiet: 0 });
  for (const row of [headings, ...rowsOf(visited, clients)]) console.log(row.join(" | "));
  expectNobodyCut(visited);
});
