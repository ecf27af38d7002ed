import { afterAll, beforeAll, expect, test } from "vitest";
import { type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { measuredTable } from "./support/measured-table.js";
import { createProject } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "mysite.example";
const rounds = 7;

const record = measuredTable("serving", ["requests per second", "through the site", "beside it", "ratio", "bar"]);

let trial: Trial;
let host: Host;

beforeAll(async () => {
  trial = await startTrial("serving");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  const project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  await project.commit("Serve");
  const result = await directly(trial, project, [host])({
    inputs: {
      "server-name": site,
      env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
      vars: `{django_settings_module: mysite.settings.production, vault_secret_key: ${secret("django-key")}}`,
    },
  });
  expect(result.outputs.status, result.log).toBe("succeeded");
  // An nginx of Debian's with nothing but the folder, and gunicorn's own workers on an address that wrk can ask.
  await onHost(
    host,
    `DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends wrk >/dev/null 2>&1 || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq wrk >/dev/null; }
     cat > /root/bare.conf <<'NGINX'
user www-data;
worker_processes auto;
pid /run/bare.pid;
events { worker_connections 768; }
http {
    sendfile on;
    tcp_nopush on;
    include /etc/nginx/mime.types;
    access_log /var/log/nginx/bare.log;
    server { listen 127.0.0.1:8081; location /static/ { alias /opt/mysite/static/; } }
}
NGINX
     nginx -c /root/bare.conf
     slot=$(basename "$(readlink /opt/mysite/current)")
     mkdir -p /etc/systemd/system/mysite@$slot.socket.d
     printf '[Socket]\\nListenStream=127.0.0.1:8082\\n' > /etc/systemd/system/mysite@$slot.socket.d/wrk.conf
     systemctl daemon-reload
     systemctl stop mysite@$slot.service mysite@$slot.socket
     systemctl start mysite@$slot.socket mysite@$slot.service
     sleep 3`,
  );
});

afterAll(() => trial?.end());

/** Requests a second of each address, asked in turns. */
async function measure(paths: Record<string, string>): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++)
    for (const [name, address] of Object.entries(paths)) {
      const said = await onHost(host, `wrk -t1 -c16 -d4s -H 'Host: ${site}' 'http://127.0.0.1${address}'`);
      expect(said).not.toMatch(/Non-2xx|Socket errors/);
      found[name] = [...(found[name] ?? []), Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1])];
    }
  return found;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test("nginx costs little beside a bare one and beside gunicorn itself", async () => {
  const style = (await onHost(host, "cd /opt/mysite/static && ls admin/css/base.*.css")).trim();
  const files = await measure({ ours: `/static/${style}`, bare: `:8081/static/${style}` });
  const pages = await measure({ ours: "/", bare: ":8082/" });
  const row = (what: string, { ours = [], bare = [] }: Record<string, number[]>, bar: number): [string[], number] => {
    const ratio = median(ours.map((value, index) => value / (bare[index] ?? Number.NaN)));
    const shown = [median(ours), median(bare)].map((value) => Math.round(value).toLocaleString("en"));
    return [[what, ...shown, ratio.toFixed(2), `≥ ${bar}`], ratio];
  };
  const [[file, ofFiles], [page, ofPages]] = [
    row("a static file, beside a bare nginx", files, 0.95),
    row("a page, beside gunicorn's own socket", pages, 0.9),
  ];
  record(...file);
  record(...page);
  expect(ofFiles).toBeGreaterThanOrEqual(0.95);
  expect(ofPages).toBeGreaterThanOrEqual(0.9);
});
