import type { Host } from "../../../scripts/lab/index.mjs";
import { onHost, until } from "../../../scripts/lab/index.mjs";
import type { Project } from "./project.js";

/** Where a deploy can be made to wait or to fail. `dump` is in the phase migrate, before the database is touched. */
export type Point = "reach" | "prepare" | "dump" | "migrate" | "activate" | "finish";

/**
 * Gives a project its points: a check of Django's (prepare) and the import by gunicorn (activate). Migrations get theirs
 * from `addMigration`. They look for files in /run, which a reboot removes.
 */
export function addPoints(project: Project): void {
  project.write(
    "mysite/points.py",
    `import os
import time

MARKS = "/opt/mysite/shared"


def point(name):
    if os.path.exists(f"/run/lab/fail-{name}"):
        raise RuntimeError(f"told to fail in {name}")
    waits = f"/run/lab/pause-{name}"
    if os.path.exists(waits):
        open(f"{MARKS}/reached-{name}", "w").close()
    while os.path.exists(waits):
        time.sleep(0.05)
`,
  );
  project.write(
    "guestbook/models.py",
    `${project.read("guestbook/models.py")}

from django.core.checks import register

from mysite.points import point


@register(deploy=True)
def check_point(app_configs, **kwargs):
    point("prepare")
    return []
`,
  );
  project.write(
    "mysite/wsgi.py",
    `import sys

from mysite.points import point

if "gunicorn" in sys.modules:
    point("activate")

${project.read("mysite/wsgi.py")}`,
  );
}

/** Adds a migration that makes a table and then comes to its point, after the one of that name. Returns its own name. */
export function addMigration(project: Project, number: number, after: string): string {
  const name = `${String(number).padStart(4, "0")}_fault`;
  project.write(
    `guestbook/migrations/${name}.py`,
    `from django.db import migrations

from mysite.points import point


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${after}")]
    operations = [
        migrations.RunSQL("CREATE TABLE fault_${number} (id integer)"),
        migrations.RunPython(lambda apps, schema_editor: point("migrate")),
    ]
`,
  );
  return name;
}

/** Gives a host its points: commands that the modules run while they reach a host, dump the database and finish. */
export async function installPoints(host: Host): Promise<void> {
  const shim = (path: string, body: string): string =>
    `cat > ${path} <<'SHIM'\n#!/bin/sh\n${body}\nSHIM\nchmod 0755 ${path}`;
  await onHost(
    host,
    [
      // Newer sudoers have sudo look in no folder of /usr/local.
      `echo 'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"' > /etc/sudoers.d/lab-points
chmod 0440 /etc/sudoers.d/lab-points`,
      shim(
        "/usr/local/bin/lab-point",
        `if [ -e "/run/lab/fail-$1" ]; then echo "told to fail in $1" >&2; exit 1; fi
if [ -e "/run/lab/pause-$1" ]; then : > "/opt/mysite/shared/reached-$1"; fi
while [ -e "/run/lab/pause-$1" ]; do sleep 0.05; done`,
      ),
      shim("/usr/local/sbin/dpkg-query", `lab-point reach; exec /usr/bin/dpkg-query "$@"`),
      shim("/usr/local/bin/pg_dump", `/usr/local/bin/lab-point dump || exit 1; exec /usr/bin/pg_dump "$@"`),
      shim(
        "/usr/local/sbin/systemctl",
        `if [ "$1 $2" = "stop --no-block" ]; then lab-point finish || exit 1; fi\nexec /usr/bin/systemctl "$@"`,
      ),
    ].join("\n"),
  );
}

export const holdAt = (host: Host, point: Point): Promise<string> =>
  onHost(host, `mkdir -p /run/lab; rm -f /opt/mysite/shared/reached-${point}; : > /run/lab/pause-${point}`);

/** In its first phase a host fails that is not what it has to be. */
export const failAt = (host: Host, point: Point): Promise<string> =>
  onHost(
    host,
    point === "reach"
      ? `mv -T /etc/os-release /etc/os-release.lab; printf 'ID=plan9\nPRETTY_NAME="Plan 9"\n' > /etc/os-release`
      : `mkdir -p /run/lab; : > /run/lab/fail-${point}`,
  );

/** Whoever waits goes on, and nothing fails any more. */
export const clearPoints = (host: Host): Promise<string> =>
  onHost(
    host,
    `rm -rf /run/lab /opt/mysite/shared/reached-*
if [ -L /etc/os-release.lab ]; then mv -T /etc/os-release.lab /etc/os-release; fi`,
  );

export const reached = (host: Host, point: Point): Promise<boolean> =>
  until(`A stop of ${host.name} in ${point}`, 90, async () =>
    (await onHost(host, `ls /opt/mysite/shared | grep -x reached-${point} || true`)) === "" ? undefined : true,
  );
