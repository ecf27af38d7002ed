import { join } from "node:path";
import {
  appBase,
  copyToHost,
  type Host,
  loadAppImage,
  must,
  onHost,
  projectFolder,
  servePostgres,
} from "../../../scripts/lab/index.mjs";
import { type ContainerFleet, image, push, startContainerFleet } from "./containers.js";
import { tool } from "./tools.js";
import { secret } from "./trial.js";

export const site = "mysite.example";
export const djangoKey = secret("django-key");

/** The guestbook in containers behind nginx, with a database server beside the hosts. */
export interface DjangoFleet {
  fleet: ContainerFleet;
  database: Host;
  /** What `env` of a deploy is. */
  env: string;
  publish(version: string, guestbook?: Record<string, string>): Promise<void>;
}

/** Images with a Python are large, and the first host makes them: for `npm run test:full` alone. */
export async function startDjangoFleet(topic: string): Promise<DjangoFleet> {
  const password = secret("database");
  const fleet = await startContainerFleet(topic);
  const database = await fleet.trial.host({ name: "database", suite: "bookworm", kind: "ready" });
  await servePostgres(database, { database: "mysite", user: "mysite", password });
  await loadAppImage(fleet.hosts[0], console.log);
  await onHost(fleet.hosts[0], `docker tag ${appBase} published`);
  await push(fleet.hosts[0], fleet.login, image("proxy"));
  await placeApplication(fleet);
  const env = [
    `PROXY_IMAGE=${image("proxy")}`,
    `WEB_IMAGE=${image()}`,
    `ALLOWED_HOSTS=${site}`,
    `DATABASE_URL=postgres://mysite:${password}@${database.innerAddress}/mysite`,
    `SECRET_KEY=${djangoKey}`,
  ].join("\n");
  return { fleet, database, env, publish: (version, guestbook) => publish(fleet, version, guestbook) };
}

/** The application with its packages, on the host that builds it. */
async function placeApplication(fleet: ContainerFleet): Promise<void> {
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

/** A migration of the application guestbook. */
export const migration = (after: string, operation: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${after}")]
    operations = [${operation}]
`;

/** What changes between versions is in a layer of its own: the version, and files of the application guestbook, which stay. */
async function publish(fleet: ContainerFleet, version: string, guestbook: Record<string, string> = {}): Promise<void> {
  const written = Object.entries(guestbook).map(
    ([path, text]) => `cat > version/guestbook/${path} <<'FILE'\n${text}\nFILE`,
  );
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
mkdir -p version/guestbook/migrations
echo '__version__ = "${version}"' > version/__init__.py
${written.join("\n")}
printf 'FROM application\\nCOPY __init__.py /app/mysite/__init__.py\\nCOPY guestbook /app/guestbook\\n' > version/Dockerfile
docker build --quiet --tag published version
`,
  );
  await push(fleet.hosts[0], fleet.login, image());
}
