// Who may turn against a deploy, and what becomes of it: each test tries it on a host, and looks at what it must not reach.
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { endOthers, TAKEN_OVER } from "./support/taken-over.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "mysite.example";
const shop = "shop.example";
const key = secret("django-key");

let trial: Trial;
let project: Project;
let host: Host;
let run: ReturnType<typeof directly>;
let commits = 0;

beforeAll(async () => {
  trial = await startTrial("attackers");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await exampleOn(host, "mysite");
  run = directly(trial, project, [host]);
  // As some administrators have it; sudo gives root no wider one back.
  await onHost(
    host,
    "for part in common-session common-session-noninteractive; do echo 'session optional pam_umask.so umask=077' >> /etc/pam.d/$part; done",
  );
  await project.commit("The first release");
  await succeeds(deploy("shop", shop));
  await succeeds(deploy("mysite", site));
});

afterAll(() => trial?.end());

/** The example in a repository of its own, with what it does once it is taken over, as a part of its own process. */
async function exampleOn(on: Host, name: string): Promise<Project> {
  const example = await createProject(trial, "examples/mysite", name);
  example.write("inventory/hosts.yml", inventory([on]));
  example.write("mysite/wsgi.py", `${example.read("mysite/wsgi.py")}${TAKEN_OVER}`);
  return example;
}

/** Deploys the example under a name, with SQLite in `shared/`. */
function deploy(name: string, serverName: string, vars: string[] = []): Promise<ActionResult> {
  const lines = [
    `app_name: ${name}`,
    `server_name: ${serverName}`,
    "django_settings_module: mysite.settings.production",
    `vault_secret_key: ${key}`,
    "django_app_media_public: true",
    ...vars,
  ];
  return run({ inputs: { env: `DATABASE_URL=sqlite:////opt/${name}/shared/db.sqlite3`, vars: lines.join("\n") } });
}

async function succeeds(attempt: Promise<ActionResult>): Promise<ActionResult> {
  const result = await attempt;
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
}

/** A further release of the application that is attacked. */
async function deployAgain(vars: string[] = []): Promise<ActionResult> {
  commits += 1;
  project.write("note.txt", String(commits));
  await project.commit(`Change ${commits}`);
  return deploy("mysite", site, vars);
}

/** What an application does whose code somebody else has taken over; it may even leave its sandbox. */
const as = (user: string, script: string): Promise<string> =>
  onHost(host, `runuser -u ${user} -- sh -e <<'SCRIPT'\n${script}\nSCRIPT\n`);

/** Owner, mode and size of everything below some paths, but for what Ansible itself keeps in a home. */
const stateOf = (...paths: string[]): Promise<string> =>
  onHost(host, `find ${paths.join(" ")} -xdev -name .ansible -prune -o -printf '%p %y %m %u %g %s %l\\n' | sort`);

describe("a host whose umask is 077", () => {
  test("is one", async () => {
    expect(await onHost(host, "runuser -l deploy -c 'sudo sh -c umask'")).toBe("0077");
  });

  test("serves pages, static files and uploads", async () => {
    await as("mysite", "echo uploaded > /opt/mysite/shared/media/hello.txt");
    expect((await fetchPage(host, site)).status).toBe(200);
    expect((await fetchPage(host, site, "/static/guestbook/style.css")).status).toBe(200);
    expect((await fetchPage(host, site, "/media/hello.txt")).body).toBe("uploaded\n");
  });
});

describe("the application, taken over, in the folder that it may write", () => {
  const victims = ["/root", "/home/deploy", "/etc/shop", "/opt/shop/shared"];
  let before: string;

  beforeEach(async () => {
    before = await stateOf(...victims);
  });

  test.each(["/root", "/opt/shop/shared"])("puts a link to %s at shared/media", async (target) => {
    await as("mysite", `cd /opt/mysite/shared; mv media aside; ln -s ${target} media`);
    try {
      const result = await succeeds(deployAgain());
      expect(result.log).toContain("/opt/mysite/shared/media is a link where a folder belongs");
      expect(await stateOf(...victims)).toBe(before);
      expect((await fetchPage(host, site, "/media/db.sqlite3")).status).toBe(403);
    } finally {
      await as("mysite", "cd /opt/mysite/shared; rm media; mv aside media");
    }
  });

  test("puts a link to another application's database among its uploads", async () => {
    await as("mysite", "ln -sf /opt/shop/shared/db.sqlite3 /opt/mysite/shared/media/leak");
    expect((await fetchPage(host, site, "/media/hello.txt")).status).toBe(200);
    expect((await fetchPage(host, site, "/media/leak")).status).toBe(403);
  });

  test("swaps 200 shared paths for links while root makes them", async () => {
    const paths = Array.from({ length: 200 }, (_, number) => `race/${number}`);
    for (const path of paths) project.write(`${path}/tracked.txt`, "tracked");
    await onHost(
      host,
      `cat > /run/swap.py <<'SCRIPT'
import os
top = "/opt/mysite/shared/"
os.makedirs(top + "race", exist_ok=True)
swaps = open(top + "race.swaps", "ab", buffering=0)
while True:
    for name in ["race"] + ["race/%s" % name for name in os.listdir(top + "race") if not name.endswith(".aside")]:
        try:
            os.rename(top + name, top + name + ".aside")
            os.symlink("/etc/shop", top + name)
            swaps.write(b".")
        except OSError:
            pass
        if name == "race":
            try:
                os.unlink(top + name)
                os.rename(top + name + ".aside", top + name)
            except OSError:
                pass
SCRIPT
systemd-run --quiet --unit attacker --uid mysite python3 /run/swap.py`,
    );
    const swaps = async (): Promise<number> => Number(await onHost(host, "cat /opt/mysite/shared/race.swaps | wc -c"));
    try {
      await expect.poll(swaps, { timeout: 60_000 }).toBeGreaterThan(0);
      const earlier = await swaps();
      await deployAgain([`django_app_shared_paths: ${JSON.stringify(paths)}`]);
      expect(await swaps()).toBeGreaterThan(earlier);
    } finally {
      await onHost(host, "systemctl stop attacker");
    }
    expect(await stateOf(...victims)).toBe(before);
    for (const path of paths) project.remove(path);
    await as("mysite", "rm -rf /opt/mysite/shared/race*");
    await succeeds(deployAgain());
  });

  test("reads another application's files", async () => {
    const mode = (await onHost(host, "stat -c %a /opt/shop/shared/db.sqlite3")).trim();
    expect(mode).toBe("644");
    for (const command of ["cat db.sqlite3", "ls .", "cat media/x"]) {
      const said = await as("mysite", `cd / && (cd /opt/shop/shared && ${command}) 2>&1 || true`);
      expect(said).toMatch(/Permission denied|can't cd/);
    }
    expect(await as("shop", "ls /opt/shop/shared")).toContain("db.sqlite3");
  });
});

describe("a commit", () => {
  /** Takes back what a test put into the project. */
  let undo: (() => void)[] = [];

  afterEach(() => {
    for (const step of undo.reverse()) step();
    undo = [];
  });

  function link(target: string, path: string): void {
    symlinkSync(target, join(project.folder, path));
    undo.push(() => rmSync(join(project.folder, path)));
  }

  function set(setting: string, value: unknown): void {
    const production = "mysite/settings/production.py";
    const text = project.read(production);
    project.write(production, `${text}\n${setting} = ${JSON.stringify(value)}\n`);
    undo.push(() => project.write(production, text));
  }

  /** The deploy ends with that sentence, and what was served is served on. */
  async function isRefused(sentence: string, vars: string[] = []): Promise<void> {
    const live = await onHost(host, "readlink -f /opt/mysite/current");
    const result = await deployAgain(vars);
    expect(result.outputs.status, result.log).toBe("failed");
    expect(result.log).toContain(sentence);
    expect(await onHost(host, "readlink -f /opt/mysite/current")).toBe(live);
    expect((await fetchPage(host, site)).status).toBe(200);
  }

  test.each(["/etc/systemd/system/mysite@.service.d", "/opt/shop/shared/static"])(
    "collects static files into %s",
    async (folder) => {
      const before = await stateOf("/etc/systemd/system", "/opt/shop/shared");
      set("STATIC_ROOT", folder);
      await isRefused(`STATIC_ROOT is ${folder}, which is neither in the release nor in /opt/mysite/shared`);
      expect(await stateOf("/etc/systemd/system", "/opt/shop/shared")).toBe(before);
    },
  );

  test("would have the whole of shared/ served", async () => {
    set("STATIC_ROOT", "/opt/mysite/shared");
    await isRefused("/opt/mysite/shared with all that is in it would be served");
  });

  test("names a folder of the host as its static files and collects none", async () => {
    set("STATIC_ROOT", "/etc");
    // Pages name static files that nobody collected.
    set("STORAGES", { staticfiles: { BACKEND: "django.contrib.staticfiles.storage.StaticFilesStorage" } });
    await succeeds(deployAgain(["django_app_collectstatic: false"]));
    for (const name of ["shadow", "passwd"]) expect((await fetchPage(host, site, `/static/${name}`)).status).toBe(404);
    expect(await onHost(host, "find /opt/mysite/static -name shadow -o -name passwd")).toBe("");
  });

  test.each(["guestbook/static/leak.txt", "uploads"])("has a link to a file of the host at %s", async (path) => {
    link("/etc/shadow", path);
    await isRefused("is a link to /etc/shadow, which is outside");
  });

  test("has a link on the way to a shared path", async () => {
    link("guestbook", "web");
    await isRefused("web is a link where a folder belongs", ["django_app_shared_paths: [web/uploads]"]);
  });

  test("has links at what the deploy itself writes, and they give way", async () => {
    const before = await stateOf("/etc/shop");
    for (const name of ["REVISION", "release.json", ".venv"]) link("/etc/shop/planted", name);
    const result = await succeeds(deployAgain());
    expect(await onHost(host, "cat /opt/mysite/current/REVISION")).toBe(result.outputs.revision);
    expect(await stateOf("/etc/shop")).toBe(before);
  });

  test("has a link that stays inside, which is kept", async () => {
    link("style.css", "guestbook/static/guestbook/alias.css");
    await succeeds(deployAgain());
    expect((await fetchPage(host, site, "/static/guestbook/alias.css")).status).toBe(200);
  });
});

describe("a package", () => {
  test("runs its setup.py as the builder, and its .pth as the builder or the application, never as root", async () => {
    project.write(
      "vendored/setup.py",
      `import os, setuptools
from setuptools.command.install import install
try:
    open("/etc/pwned-setup", "w").close()
except OSError:
    pass
os.makedirs("nosy", exist_ok=True)
open("nosy/__init__.py", "w").write("BUILT_BY = %d\\n" % os.getuid())
open("nosy.pth", "w").write("import os; os.getuid() == 0 and open('/etc/pwned-pth', 'w').close()\\n")
setuptools.setup(name="nosy", version="1", packages=["nosy"], data_files=[("lib/python3.11/site-packages", ["nosy.pth"])])
`,
    );
    await succeeds(deployAgain(["django_app_python_packages: [./vendored]"]));
    const venv = await onHost(host, "readlink -f /opt/mysite/current/.venv");
    const builtBy = await onHost(host, `cat ${venv}/lib/python3.11/site-packages/nosy/__init__.py`);
    expect(builtBy).toBe(`BUILT_BY = ${await onHost(host, "id -u mysite-build")}`);
    expect(await onHost(host, `ls ${venv}/lib/python3.11/site-packages/nosy.pth`)).toMatch(/nosy\.pth$/);
    expect(await onHost(host, "ls /etc/pwned-* 2>/dev/null || true")).toBe("");
    expect(await onHost(host, `find ${venv} ! -user root | head -3`)).toBe("");
    rmSync(join(project.folder, "vendored"), { recursive: true });
  });

  test("reaches nothing that listens on the host while it is built", async () => {
    await onHost(
      host,
      `cat > /run/everybody.py <<'SCRIPT'
import os, socket, time
listening = socket.socket(socket.AF_UNIX)
listening.bind("/run/everybody.sock")
os.chmod("/run/everybody.sock", 0o777)
listening.listen(5)
time.sleep(3600)
SCRIPT
systemd-run --quiet --unit everybody python3 /run/everybody.py
cat > /run/judge.sh <<'SCRIPT'
while sleep 0.1; do
  for unit in $(systemctl list-units --plain --no-legend 'django-ansible-deploy-*.service' | cut -d ' ' -f 1); do
    user=$(systemctl show "$unit" --property=User --value)
    # Those without a user are the deploy's own, which watch over it and run no code of the project.
    [ -z "$user" ] || echo "$user $(systemd-analyze security "$unit" | tail -n 1)" >> /run/judged
  done
done
SCRIPT
systemd-run --quiet --unit judge sh /run/judge.sh; sleep 1`,
    );
    project.write(
      "curious/setup.py",
      `import os, setuptools, socket
reached = []
for path in ("/run/everybody.sock", "/run/dbus/system_bus_socket"):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        reached.append(path)
    except OSError:
        pass
os.makedirs("curious", exist_ok=True)
open("curious/__init__.py", "w").write("REACHED = %r\\n" % reached)
setuptools.setup(name="curious", version="1", packages=["curious"])
`,
    );
    try {
      await succeeds(deployAgain(["django_app_python_packages: [./curious]"]));
      const venv = await onHost(host, "readlink -f /opt/mysite/current/.venv");
      const reached = await onHost(host, `cat ${venv}/lib/python3.11/site-packages/curious/__init__.py`);
      expect(reached).toBe("REACHED = []");
      // What the builder and the application's commands ran in.
      const judged = await onHost(host, "cat /run/judged");
      const exposures = [...judged.matchAll(/^(\S+) .*: ([\d.]+) /gm)].map(([, user, level]) => ({
        user,
        level: Number(level),
      }));
      expect(new Set(exposures.map(({ user }) => user)), judged).toEqual(new Set(["mysite", "mysite-build"]));
      expect(Math.max(...exposures.map(({ level }) => level)), judged).toBeLessThanOrEqual(1.5);
      // It was there for anybody.
      await as("mysite", `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("/run/everybody.sock")'`);
    } finally {
      await onHost(host, "systemctl stop everybody judge");
      rmSync(join(project.folder, "curious"), { recursive: true });
    }
  });
});

describe("the application, taken over, that ends every other process of its user", () => {
  test("keeps no command of a deploy from its end", async () => {
    const killer = await endOthers(host, site);
    try {
      const { log } = await deployAgain();
      expect(log).not.toContain("was ended by a signal");
      // What starts the new slot has the same user as well, and this host's systemd is too old to keep them apart.
      expect(log).toMatch(/▸ Activate|was not activated/);
    } finally {
      await killer.stop();
    }
    expect(await killer.tries()).toBeGreaterThan(0);
    expect((await fetchPage(host, site)).status).toBe(200);
  });

  test("keeps no release from its start where process IDs are a unit's own", async () => {
    const newer = await trial.host({ name: "app2", suite: "forky", kind: "ready" });
    const example = await exampleOn(newer, "newer");
    const onNewer = directly(trial, example, [newer]);
    const release = async (note: string) => {
      example.write("note.txt", note);
      await example.commit(`A release ${note}`);
      return onNewer({
        inputs: {
          env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
          vars: JSON.stringify({
            ...{ app_name: "mysite", server_name: site, vault_secret_key: key },
            django_settings_module: "mysite.settings.production",
            django_app_processes: { ticker: { command: "python -c 'import time; time.sleep(10**6)'" } },
          }),
        },
      });
    };
    await succeeds(release("before"));
    const killer = await endOthers(newer, site);
    try {
      await succeeds(release("meanwhile"));
    } finally {
      await killer.stop();
    }
    expect((await fetchPage(newer, site)).status).toBe(200);
    const slot = await onHost(newer, "basename $(readlink /opt/mysite/current)");
    // A process without a handler for SIGTERM ends at once all the same.
    await onHost(newer, `timeout 20 systemctl stop mysite-ticker-${slot}@1.service`);
    const shown = await onHost(newer, `systemctl show mysite-ticker-${slot}@1.service --property=Result --value`);
    expect(shown).toBe("success");
  });
});

describe("an application that writes outside shared/", () => {
  test("may do so in folders that are its own already", async () => {
    await onHost(host, "install -d -o mysite -g mysite -m 0755 /srv/mysite-media");
    await succeeds(deployAgain(["django_app_writable_paths: [/srv/mysite-media]"]));
    const unit = await onHost(
      host,
      "systemctl cat $(basename $(readlink /opt/mysite/current) | sed 's/.*/mysite@&.service/')",
    );
    expect(unit).toContain("ReadWritePaths=-/srv/mysite-media\n");
  });

  test.each(["/opt/shop/shared", "/srv/missing"])("may not in %s", async (path) => {
    const before = await stateOf("/etc/shop", "/opt/shop/shared");
    const result = await deployAgain([`django_app_writable_paths: [${path}]`]);
    expect(result.outputs.status).toBe("failed");
    expect(result.log).toContain(`django_app_writable_paths has ${path}, which has to be a folder`);
    expect(await stateOf("/etc/shop", "/opt/shop/shared")).toBe(before);
    expect((await fetchPage(host, site)).status).toBe(200);
  });
});
