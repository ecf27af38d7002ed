import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyToHost, type Host, must, onHost, run } from "../../scripts/lab/index.mjs";
import { type Site, startSite } from "./support/site.js";
import { tool } from "./support/tools.js";
import { startTrial, type Trial } from "./support/trial.js";

// What others have written to test these protocols, against a site as a deploy leaves it on each Debian.
let trial: Trial;
let site: Site;

beforeAll(async () => {
  trial = await startTrial("protocols");
  site = await startSite(trial, 12);
  await site.deployed("1");
});

afterAll(() => trial?.end());

const at = (host: Host): string => `${host.address}:${host.ports[443]}`;

describe("Autobahn's test suite", () => {
  let tester: Host;

  beforeAll(async () => {
    // It is written for Python 2.7, which Debian 11 was the last to have.
    tester = await trial.host({ name: "autobahn", suite: "bullseye", kind: "base" });
    const [pip, wheels] = ["pip-20.3.4-py2.py3-none-any.whl", join(trial.folder, "wheels")];
    await must([tool("pip"), "download", "--quiet", "--no-deps", "--dest", wheels, "pip==20.3.4"]);
    await onHost(tester, "mkdir /suite");
    await copyToHost(tester, join(wheels, pip), `/suite/${pip}`);
    const packages = [
      "autobahntestsuite==25.10.1",
      // The newest of each that it still works with.
      ...["autobahn==0.9.6", "Twisted==20.3.0", "klein==19.6.0", "Werkzeug==0.16.1", "Jinja2==2.11.3", "ujson==2.0.3"],
      ...["cryptography==3.3.2", "pyOpenSSL==19.1.0", "service_identity==18.1.0"],
    ];
    await onHost(
      tester,
      `export DEBIAN_FRONTEND=noninteractive
       apt-get update -qq
       apt-get install -qq --no-install-recommends virtualenv python2.7-dev gcc libc6-dev libffi-dev libssl-dev >/dev/null
       virtualenv --quiet --python python2.7 --no-pip /suite/venv
       PIP_CERT=/etc/ssl/certs/ca-certificates.crt PYTHONPATH=/suite/${pip} /suite/venv/bin/python -m pip install --quiet --no-cache-dir ${packages.join(" ")} 2>&1`,
    );
  });

  test("finds the echoing application as good as the library that speaks WebSocket in it", async () => {
    const servers = site.hosts.map((host) => ({ agent: host.name, url: `wss://${host.innerName}/mirror` }));
    // Not 9, which measures, nor 12 and 13, compression, which take an hour.
    const cases = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"];
    const spec = { outdir: "/suite/reports", servers, cases, "exclude-cases": [], "exclude-agent-cases": {} };
    await onHost(
      tester,
      `cd /suite
       cat > spec.json <<'SPEC'\n${JSON.stringify(spec)}\nSPEC
       venv/bin/wstest --mode fuzzingclient --spec spec.json > log 2>&1`,
    );
    const found: Record<string, Record<string, { behavior: string }>> = JSON.parse(
      await onHost(tester, "cat /suite/reports/index.json"),
    );
    for (const { name } of site.hosts) {
      const results = Object.entries(found[name] ?? {});
      const failed = results.filter(([, { behavior }]) => !/^(OK|NON-STRICT|INFORMATIONAL)$/.test(behavior));
      console.log(`${name}: ${results.length} cases of Autobahn, failed: ${failed.map(([id]) => id).join(", ")}`);
      expect(results.length).toBe(247);
      // A fragment after a close frame: the library (websockets) fails it without nginx, too.
      expect(failed.map(([id]) => id)).toEqual(["7.1.5"]);
    }
  });
});

test("sslyze finds TLS as Mozilla's intermediate configuration wants it", async () => {
  const venv = join(trial.folder, "sslyze");
  await must(["python3", "-m", "venv", venv]);
  await must([join(venv, "bin/pip"), "install", "--quiet", "sslyze==6.3.1"]);
  for (const host of site.hosts) {
    const { stdout } = await run([join(venv, "bin/sslyze"), "--mozilla_config=intermediate", at(host)]);
    const verdict = stdout.slice(stdout.indexOf("COMPLIANCE AGAINST"));
    console.log(`${host.name}: ${verdict}`);
    const complaints = [...verdict.matchAll(/^\s*\* (\w+): (.*)$/gm)].map(([, name]) => name);
    // The certificate is one that this test made.
    expect(complaints, verdict).toEqual(["certificate_path_validation"]);
  }
});

test("HTTP/3 is two lines of one's own, and a deploy cuts none of its requests", async () => {
  const [, host] = site.hosts;
  const vars = {
    django_app_nginx_server_extra: `listen 443 quic reuseport;\nadd_header Alt-Svc 'h3=":443"; ma=86400';`,
  };
  const deployed = async (version: string): Promise<void> => {
    await site.commit(version);
    const result = await site.run({ inputs: { limit: host.name, env: site.env, vars: JSON.stringify(vars) } });
    expect(result.outputs.status, result.log).toBe("succeeded");
  };
  await deployed("2");
  await onHost(host, "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq curl >/dev/null 2>&1");
  // Each request on a connection of its own, about ten a second, until the file is there.
  const asked = onHost(
    host,
    `until [ -e /tmp/enough ]; do
       curl --silent --insecure --http3-only --max-time 10 --output /dev/null --write-out '%{http_version} %{http_code}\n' https://127.0.0.1/version || echo failed
       sleep 0.1
     done`,
  );
  try {
    await deployed("3");
  } finally {
    await onHost(host, "touch /tmp/enough");
  }
  const answers = (await asked).trim().split("\n");
  console.log(`${answers.length} requests over HTTP/3`);
  expect(answers.length).toBeGreaterThan(20);
  expect([...new Set(answers)]).toEqual(["3 200"]);
  const page = await onHost(host, "curl --silent --insecure --http3-only --include https://127.0.0.1/version");
  expect(page).toContain("Version 3 ");
  expect(page).toContain('alt-svc: h3=":443"');
});

test("h2spec finds HTTP/2 as good as that of the same nginx with nothing of ours", async () => {
  const bin = join(trial.folder, "go");
  await must(["go", "install", "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"], {
    env: { ...process.env, GOBIN: bin },
  });
  for (const host of site.hosts) {
    const failures: string[][] = [];
    for (const name of ["ours", "bare"]) {
      if (name === "bare") await serveBare(host);
      const report = join(trial.folder, `${host.name}-${name}.xml`);
      const [address = "", port = ""] = at(host).split(":");
      const options = ["--tls", "--insecure", "--timeout", "1", "--path", "/version", "--junit-report", report];
      await run([join(bin, "h2spec"), ...options, "--host", address, "--port", port]);
      const cases = [
        ...readFileSync(report, "utf8").matchAll(/<testcase package="(.*?)" classname="(.*?)"[^>]*>\s*(<error>)?/g),
      ];
      failures.push(cases.flatMap(([, chapter, what, error]) => (error ? [`${chapter} ${what}`] : [])));
      console.log(`${host.name}, ${name}: ${cases.length} cases of h2spec, ${failures.at(-1)?.length} failed`);
      expect(cases.length).toBeGreaterThan(140);
    }
    expect(failures[0]).toEqual(failures[1]);
  }
});

/** Debian's nginx with a page and a certificate in the place of the site. */
async function serveBare(host: Host): Promise<void> {
  const old = (await onHost(host, "nginx -v 2>&1")).includes("nginx/1.22");
  await onHost(
    host,
    `cat > /etc/nginx/sites-available/mysite <<'SITE'
server {
    listen 443 ssl${old ? " http2" : ""};
    ${old ? "" : "http2 on;"}
    ssl_certificate /etc/ssl/mysite/certificate.pem;
    ssl_certificate_key /etc/ssl/mysite/key.pem;
    location / { proxy_pass http://unix:/run/mysite/gunicorn.sock; proxy_http_version 1.1; proxy_set_header Host $http_host; }
}
SITE
     nginx -t -q && systemctl reload nginx && sleep 2`,
  );
}
