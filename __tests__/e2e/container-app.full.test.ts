import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ActionResult,
  appBase,
  copyToHost,
  type Host,
  loadAppImage,
  must,
  onHost,
  projectFolder,
  servePostgres,
} from "../../scripts/lab/index.mjs";
import { type ContainerFleet, image, push, startContainerFleet } from "./support/containers.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { tool } from "./support/tools.js";
import { secret } from "./support/trial.js";

const site = "mysite.example";
const password = secret("database");
const djangoKey = secret("django-key");

let fleet: ContainerFleet;
let database: Host;

// Images with a Python are large: `npm run test:full` makes them, `npm test` has container-fleet.
describe("Django in containers behind nginx", () => {
  beforeAll(async () => {
    fleet = await startContainerFleet("container-app");
    database = await fleet.trial.host({ name: "database", suite: "bookworm", kind: "ready" });
    await servePostgres(database, { database: "mysite", user: "mysite", password });
    await loadAppImage(fleet.hosts[0], console.log);
    await onHost(fleet.hosts[0], `docker tag ${appBase} published`);
    await push(fleet.hosts[0], fleet.login, image("proxy"));
    await placeApplication();
    await publish("1");
  });

  afterAll(() => fleet?.trial.end());

  test("the database is migrated once for two hosts, and both serve", async () => {
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    expect(JSON.parse(result.outputs.migrations ?? "[]")).toContain("guestbook.0001_initial");
    const applied = `SELECT count(*) FROM django_migrations WHERE app = 'guestbook'`;
    expect(await onHost(database, `su postgres -c "psql -qXAt mysite -c \\"${applied}\\""`)).toBe("1");
    await expectVersion("1");
    expect(await onHost(fleet.hosts[0], "ls /var/lib/django-ansible-deploy/compose/shop/backups")).toMatch(/\.dump$/);
  });

  test("a rollout under load fails no request", async () => {
    await publish("2");
    const load = startLoad(fleet.hosts, site, { clients: 8 });
    const result = await deploy();
    const samples = await load.stop();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2", migrations: "[]" });
    expect(failures(samples)).toEqual([]);
    expect(new Set(samples.map(({ version }) => version))).toEqual(new Set(["1", "2"]));
  });

  test("a rollback needs nothing of the database where both releases have the same migrations", async () => {
    const result = await fleet.deploy({ inputs: { operation: "rollback" } });
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    await expectVersion("1");
  });

  test("a dump is made, rehearsed and brought back, and what was written since is in a database of its own", async () => {
    const sql = (text: string, name = "mysite") =>
      onHost(database, `su postgres -c 'psql -qXAt ${name}' <<'SQL'\n${text}\nSQL`);
    await sql("ALTER ROLE mysite CREATEDB");
    const backup = await recover("backup");
    expect(backup.outputs.status, backup.log).toBe("succeeded");
    const { dump } = backup.outputs;
    await sql("INSERT INTO guestbook_entry (name, message, created) SELECT 'Eve', 'After the backup', now()");
    const rehearsal = await recover("rehearse", { revision: dump ?? "" });
    expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", dump });
    const restore = await recover("restore", { revision: dump ?? "", confirm: "shop" });
    expect(restore.outputs, restore.log).toMatchObject({ status: "succeeded", dump });
    expect(await sql("SELECT count(*) FROM guestbook_entry")).toBe("0");
    const replaced = await sql("SELECT datname FROM pg_database WHERE datname LIKE 'mysite_replaced_%'");
    expect(await sql("SELECT count(*) FROM guestbook_entry", replaced)).toBe("1");
    await expectVersion("1");
  });
});

function deploy(): Promise<ActionResult> {
  return fleet.deploy({
    inputs: {
      "compose-source": "compose",
      env: [
        `PROXY_IMAGE=${image("proxy")}`,
        `WEB_IMAGE=${image()}`,
        `ALLOWED_HOSTS=${site}`,
        `DATABASE_URL=postgres://mysite:${password}@${database.innerAddress}/mysite`,
        `SECRET_KEY=${djangoKey}`,
      ].join("\n"),
      vars: JSON.stringify({
        compose_app_rollout: ["web"],
        compose_app_migrate: { service: "web", python: "python3" },
      }),
    },
  });
}

/** Backup, rehearsal or restore, with what they need to know of the project. */
const recover = (operation: string, inputs: Record<string, string> = {}): Promise<ActionResult> =>
  fleet.deploy({
    inputs: {
      operation,
      vars: JSON.stringify({
        compose_app_migrate: { service: "web", python: "python3" },
        compose_app_dump_service: "web",
      }),
      ...inputs,
    },
  });

async function expectVersion(version: string): Promise<void> {
  for (const host of fleet.hosts) expect((await fetchPage(host, site)).body).toContain(`Version ${version}<`);
}

/** The application with its packages, on the host that builds it. */
async function placeApplication(): Promise<void> {
  const packages = join(fleet.trial.folder, "packages");
  const requirements = join(projectFolder, "examples/mysite/requirements.txt");
  const options = ["--target", packages, "--python-version", "3.13", "--only-binary", ":all:"];
  await must([tool("pip"), "install", "--quiet", ...options, "--requirement", requirements]);
  await onHost(fleet.hosts[0], "mkdir -p /srv/build");
  await copyToHost(fleet.hosts[0], packages, "/srv/build/packages");
  await copyToHost(fleet.hosts[0], join(projectFolder, "examples/mysite"), "/srv/build/app");
  for (const name of ["compose.yml", "nginx.conf"]) {
    fleet.project.write(`compose/${name}`, await must(["cat", join(projectFolder, "examples/compose", name)]));
  }
}

/** What changes between versions is in a layer of its own. */
async function publish(version: string): Promise<void> {
  await onHost(
    fleet.hosts[0],
    `
cd /srv/build
if ! docker image inspect application >/dev/null 2>&1; then
  cat > Dockerfile <<'DOCKERFILE'
FROM ${appBase}
COPY packages /packages
COPY app /app
WORKDIR /app
ENV PYTHONPATH=/packages PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=mysite.settings.production
RUN SECRET_KEY=only-to-build python3 manage.py collectstatic --noinput
CMD ["python3", "-m", "gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "mysite.wsgi:application"]
DOCKERFILE
  docker build --quiet --tag application .
fi
mkdir -p version
echo '__version__ = "${version}"' > version/__init__.py
printf 'FROM application\\nCOPY __init__.py /app/mysite/__init__.py\\n' > version/Dockerfile
docker build --quiet --tag published version
`,
  );
  await push(fleet.hosts[0], fleet.login, image());
}
