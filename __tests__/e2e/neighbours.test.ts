import { get } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, reboot, until } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { failures, slowest, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "mysite.example";
const shop = "shop.example";
const key = secret("django-key");

let trial: Trial;
let project: Project;
let host: Host;
let run: (request?: DeployRequest) => Promise<ActionResult>;
/** The last commit that served. */
let served: string;

beforeAll(async () => {
  trial = await startTrial("neighbours");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready", ports: [443] });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  run = directly(trial, project, [host]);
  await onHost(
    host,
    `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${shop} -keyout /etc/ssl/private/shop.key -out /etc/ssl/shop.pem 2>/dev/null`,
  );
});

afterAll(() => trial?.end());

/** Deploys the example under a name of its own, with a database file of its own. */
function deploy(name: string, serverName: string, vars: string[] = [], request: DeployRequest = {}) {
  const lines = [
    `app_name: ${name}`,
    `server_name: ${serverName}`,
    "django_settings_module: mysite.settings.production",
    `vault_secret_key: ${key}`,
    "django_app_health_timeout: 10",
    ...vars,
  ];
  const inputs = {
    env: `DATABASE_URL=sqlite:////opt/${name}/shared/db.sqlite3`,
    vars: lines.join("\n"),
    ...request.inputs,
  };
  return run({ ...request, inputs });
}

const tls = ["tls: files", "tls_certificate: /etc/ssl/shop.pem", "tls_certificate_key: /etc/ssl/private/shop.key"];
const deployShop = (vars: string[] = []) =>
  deploy("shop", shop, [...tls, "django_app_hsts_seconds: 3600", "django_app_memory_max: 512M", ...vars]);

/** Why nginx ended a connection without an answer, or what it answered. */
const asked = (serverName: string): Promise<string> =>
  fetchPage(host, serverName).then(
    ({ status, body }) => `${status} ${/Version [^<]+/.exec(body)?.[0] ?? ""}`.trim(),
    (error: Error) => error.message,
  );

/** The same over TLS, without judging the certificate. */
function askedOverTls(serverName: string, path = "/"): Promise<string> {
  const port = host.ports[443];
  const options = { host: host.address, port, path, servername: serverName, rejectUnauthorized: false };
  return new Promise((resolve) => {
    get({ ...options, headers: { Host: serverName } }, (response) => {
      response.resume().on("end", () => {
        resolve(`${response.statusCode} ${response.headers["strict-transport-security"] ?? ""}`.trim());
      });
    }).on("error", (error) => resolve(error.message));
  });
}

const running = (): Promise<string> =>
  onHost(
    host,
    "systemctl list-units --plain --no-legend --state=running '*@blue.service' '*@green.service' | cut -d' ' -f1",
  );

/** The sentence is said, and all that runs goes on. */
async function expectUntouched(attempt: Promise<ActionResult>, sentence: RegExp): Promise<void> {
  const before = await running();
  expectRefused(await attempt, sentence);
  expect(await running()).toBe(before);
  expect(await asked(site)).toContain("200");
}

describe("applications side by side on one host", () => {
  test("the first one serves its name, and nginx answers no other", async () => {
    served = await project.commit("A guestbook");
    const result = await deploy("mysite", site);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await onHost(host, "cd /opt/mysite/backups && ls *.dump | wc -l")).toBe("1");
    expect(await asked(site)).toBe("200 Version 1");
    expect(await asked("unknown.example")).toMatch(/socket hang up|ECONNRESET/);
  });

  test("a second one with TLS, HSTS and a limit of memory is served beside it", async () => {
    const result = await deployShop();
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.outputs.url).toBe(`https://${shop}/`);
    expect(await asked(shop)).toBe("301");
    expect(await askedOverTls(shop)).toBe("200 max-age=3600");
    expect(await askedOverTls("unknown.example")).toMatch(/unrecognized name|handshake/i);
    expect(await asked("unknown.example")).toMatch(/socket hang up|ECONNRESET/);
    expect(await asked(site)).toBe("200 Version 1");
    expect(await onHost(host, "systemctl show --value --property MemoryMax shop@blue")).toBe(String(512 << 20));
    expect(await protocols()).toEqual({ "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true });
  });

  test("a second run of either changes nothing", async () => {
    for (const again of [await deploy("mysite", site), await deployShop()]) {
      expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
    }
  });

  test("both are hardened to 1.5 or better as systemd judges", async () => {
    const judged = await onHost(
      host,
      "for name in mysite shop; do systemd-analyze security $name@blue.service | tail -n 1; done",
    );
    const exposures = [...judged.matchAll(/: ([\d.]+) /g)].map((found) => Number(found[1]));
    expect(exposures).toHaveLength(2);
    expect(Math.max(...exposures)).toBeLessThanOrEqual(1.5);
  });

  test("a name that another site has is refused", async () => {
    await expectUntouched(
      deploy("third", `third.example ${site}`),
      /another site .* has the server name mysite\.example/,
    );
    expect(await onHost(host, "ls /etc/nginx/sites-enabled")).toBe("mysite\nshop");
  });

  test("a reboot brings both back", async () => {
    await reboot(host);
    await until("Both pages after the reboot", 30, async () =>
      (await asked(site)) === "200 Version 1" && (await askedOverTls(shop)).startsWith("200") ? true : undefined,
    );
  });
});

/** Which protocols nginx takes for the shop. */
async function protocols(): Promise<Record<string, boolean>> {
  const take = (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): Promise<boolean> =>
    new Promise((resolve) => {
      const options = { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } as const;
      const socket = connect({
        host: host.address,
        port: host.ports[443],
        servername: shop,
        rejectUnauthorized: false,
        ...options,
      })
        .on("secureConnect", () => {
          socket.destroy();
          resolve(true);
        })
        .on("error", () => resolve(false));
    });
  const versions = ["TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
  return Object.fromEntries(await Promise.all(versions.map(async (version) => [version, await take(version)])));
}

describe("a host without memory for two instances", () => {
  const restart = ["django_app_strategy: restart"];

  test("takes a new release while its clients wait, and none fails", async () => {
    project.write("mysite/wsgi.py", `import time\n\ntime.sleep(3)\n${project.read("mysite/wsgi.py")}`);
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    served = await project.commit("Version 2, which takes 3 s to import");
    const load = startLoad([host], site);
    const result = await deploy("mysite", site, restart).finally(() => load.stop());
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(failures(load.samples)).toEqual([]);
    expect([...new Set(load.samples.map(({ version }) => version))]).toEqual(["1", "2"]);
    console.log(`slowest request while an application of 3 s restarts, ms: ${Math.round(slowest(load.samples))}`);
    expect((await running()).split("\n").filter((unit) => unit.startsWith("mysite@"))).toHaveLength(1);
    const again = await deploy("mysite", site, restart);
    expect(again.outputs["changed-tasks"], again.log).toBe("0");
  });

  test("keeps what serves when the trial fails", async () => {
    const views = project.read("guestbook/views.py");
    project.write(
      "guestbook/views.py",
      `${views}\n    def get(self, request):\n        raise RuntimeError("out of ink")\n`,
    );
    await project.commit("Break the page");
    const load = startLoad([host], site);
    await expectUntouched(
      deploy("mysite", site, restart).finally(() => load.stop()),
      /the old release .* is still live: .*500/,
    );
    project.write("guestbook/views.py", views);
    expect(failures(load.samples)).toEqual([]);
    expect([...new Set(load.samples.map(({ version }) => version))]).toEqual(["2"]);
  });

  test("gets back what served when only the restart fails", async () => {
    const wsgi = project.read("mysite/wsgi.py");
    project.write(
      "mysite/wsgi.py",
      `import os, sys\n\nif "gunicorn" in sys.argv[0] and not os.path.exists("/run/mysite/trial"):\n    raise RuntimeError("no luck")\n${wsgi}`,
    );
    await project.commit("Break what comes after the trial");
    const load = startLoad([host], site);
    await expectUntouched(
      // Its check of gunicorn is no trial either.
      deploy("mysite", site, [...restart, "django_app_check_level: none"]).finally(() => load.stop()),
      /the old release .* is still live/,
    );
    project.write("mysite/wsgi.py", wsgi);
    console.log(`slowest request while a restart fails, ms: ${Math.round(slowest(load.samples))}`);
    expect(failures(load.samples)).toEqual([]);
    expect([...new Set(load.samples.map(({ version }) => version))]).toEqual(["2"]);
  });

  test("changes nothing when the commit that serves is deployed after the failed ones", async () => {
    await project.checkOut(served);
    const again = await deploy("mysite", site, restart);
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
    expect(await asked(site)).toBe("200 Version 2");
  });
});

describe("what is asked for and cannot be is refused in a sentence, and nothing is switched", () => {
  const rollback = (revision?: string) => ({
    inputs: { operation: "rollback", ...(revision === undefined ? {} : { revision }) },
  });

  test("a rollback where there is but one release", async () => {
    await expectUntouched(
      deploy("shop", shop, tls, rollback()),
      /there is no older release to roll back to; there are: \S+ \(live\)/,
    );
  });

  test("somebody's login account as the application's user", async () => {
    await expectUntouched(
      deploy("fourth", "fourth.example", ["app_user: deploy"]),
      /app_user deploy is a login account of this host \(uid 1\d\d\d, home \/home\/deploy, /,
    );
    expect(await onHost(host, "ls -d /opt/fourth /etc/fourth /home/deploy/media 2>/dev/null || true")).toBe("");
  });

  test("a rollback where nothing serves", async () => {
    await expectUntouched(deploy("fourth", "fourth.example", [], rollback()), /no release is live on these hosts yet/);
  });

  test("a rollback to a release that is not there", async () => {
    await expectUntouched(
      deploy("mysite", site, [], rollback("0123456")),
      /0123456 is no release that every host still has; there are: /,
    );
  });

  test("a rollback, after which the commit it went to changes nothing", async () => {
    const back = await deploy("mysite", site, [], rollback());
    expect(back.outputs.status, back.log).toBe("succeeded");
    expect(await asked(site)).toBe("200 Version 1");
    await project.checkOut(back.outputs.revision ?? "");
    const again = await deploy("mysite", site);
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
    const twice = await deploy("mysite", site, [], rollback(back.outputs.release));
    expect(twice.outputs, twice.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  test("a page that redirects for ever", async () => {
    const urls = project.read("guestbook/urls.py");
    project.write(
      "guestbook/urls.py",
      `${urls}\nfrom django.views.generic import RedirectView\n\nurlpatterns.insert(0, path("", RedirectView.as_view(url="/?again")))\n`,
    );
    await project.commit("Redirect for ever");
    await expectUntouched(deploy("shop", shop, tls), /redirects for ever \(\/ -> \/\?again -> \/\?again -> \.\.\.\)/);
    await project.checkOut(served);
  });

  test("a Python that the host does not have", async () => {
    project.write("pyproject.toml", '[project]\nname = "mysite"\nversion = "1"\nrequires-python = ">=3.99"\n');
    await project.commit("Ask for the Python of the future");
    await expectUntouched(
      deploy("mysite", site),
      /asks for Python >=3\.99 \(requires-python in pyproject\.toml\), \/usr\/bin\/python3 on this host is 3\.11\.\d+, and none could be installed: install one that fits/,
    );
  });

  test("a WSGI module that the project does not have", async () => {
    await project.checkOut(served);
    await expectUntouched(
      deploy("mysite", site, ["django_app_wsgi: shop.wsgi:application"]),
      /there is no module shop\.wsgi: set django_app_wsgi/,
    );
  });
});

describe("a project with a lock of uv", () => {
  const pyproject = (dependencies: string[]): string =>
    `[project]\nname = "mysite"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ${JSON.stringify(dependencies)}\n`;

  test("gets what the lock says", async () => {
    project.remove("requirements.txt");
    project.write("pyproject.toml", pyproject(["django>=5.2,<5.3", "dj-database-url"]));
    await lock();
    project.write("mysite/__init__.py", '__version__ = "3"\n');
    await project.commit("Lock with uv");
    const result = await deploy("mysite", site);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await asked(site)).toBe("200 Version 3");
    const again = await deploy("mysite", site);
    expect(again.outputs["changed-tasks"], again.log).toBe("0");
  });

  test("is refused when the lock has to be the project's and is not, and else told what it lacks", async () => {
    project.write("pyproject.toml", pyproject(["django>=5.2,<5.3", "dj-database-url", "whitenoise"]));
    await project.commit("Forget to lock");
    await expectUntouched(
      deploy("mysite", site, ["django_app_strict_lock: true"]),
      /uv\.lock is not up to date with pyproject\.toml \(it lacks whitenoise\): run `uv lock` in the project/,
    );
    const result = await deploy("mysite", site);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.log).toContain("uv.lock lacks whitenoise of pyproject.toml, so that was not installed");
  });

  /** Locks with the host's uv, which reaches the package index as the deploy does. */
  async function lock(): Promise<void> {
    const text = project.read("pyproject.toml");
    project.write(
      "uv.lock",
      await onHost(
        host,
        `cd "$(mktemp -d)"\ncat > pyproject.toml <<'EOF'\n${text}EOF\nUV_SYSTEM_CERTS=1 /opt/mysite/tools/uv-*/bin/uv lock --quiet --no-cache\ncat uv.lock`,
      ),
    );
  }
});
