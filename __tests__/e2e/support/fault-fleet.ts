import { type ActionResult, type Host, onHost, type Suite, servePostgres } from "../../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./direct.js";
import { inventory } from "./inventory.js";
import { createProject, type Project } from "./project.js";
import { otherSystem } from "./system.js";
import { secret, startTrial, type Trial } from "./trial.js";

export const site = "mysite.example";

/** Debian 12 with the database and Debian 13, the example project, and the built action to deploy it with. */
export interface Fleet {
  trial: Trial;
  project: Project;
  app1: Host;
  app2: Host;
  /** All of them, those two first. */
  hosts: Host[];
  /** Runs the action's bundle as a runner does, without a workflow around it. */
  deploy(request?: DeployRequest): Promise<ActionResult>;
}

/** What a host tells about itself when it is looked at, not asked. */
export interface HostState {
  slot: string;
  release: string;
  /** Who holds the deploy lock; empty when nobody does. */
  lock: string;
  undo: boolean;
  running: string[];
}

export async function startFleet(
  topic: string,
  variables: Record<string, unknown> = {},
  more: string[] = [],
): Promise<Fleet> {
  const trial = await startTrial(topic);
  const password = secret("database");
  const up = (name: string, suite: Suite): Promise<Host> =>
    trial.host({ name, suite: otherSystem ?? suite, kind: "ready" });
  const [app1, app2] = await Promise.all([up("app1", "bookworm"), up("app2", "trixie")]);
  const others: Host[] = [];
  // As many at a time as start in the time that a start may take.
  for (let from = 0; from < more.length; from += 5)
    others.push(...(await Promise.all(more.slice(from, from + 5).map((name) => up(name, "trixie")))));
  const hosts = [app1, app2, ...others];
  await servePostgres(app1, { database: "mysite", user: "mysite", password });
  const project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  // Beside the inventory, so that a playbook of the project and the bundled one find them alike.
  project.write(
    "inventory/group_vars/all.yml",
    JSON.stringify({
      app_name: "mysite",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      db_host: "app1",
      db_name: "mysite",
      db_user: "mysite",
      vault_db_password: password,
      vault_secret_key: secret("django-key"),
      ...variables,
    }),
  );
  const deploy = directly(trial, project, hosts);
  return { trial, project, app1, app2, hosts, deploy };
}

/** Gives the project a version that its pages show, and commits it. */
export function commitVersion(project: Project, version: string): Promise<string> {
  project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
  return project.commit(`Version ${version}`);
}

export async function stateOf(host: Host): Promise<HostState> {
  const printed = await onHost(
    host,
    `python3 - <<'EOF'
import json, os, subprocess
def link(path):
    try:
        return os.path.basename(os.readlink(path))
    except OSError:
        return ""
def text(path):
    try:
        return open(path).read()
    except OSError:
        return ""
slot = link("/run/mysite/gunicorn.sock").replace(".sock", "")
lock = text("/run/django-ansible-deploy/mysite.lock")
states = {name: subprocess.run(["/usr/bin/systemctl", "is-active", "mysite@%s.service" % name], capture_output=True, text=True).stdout.strip() for name in ("blue", "green")}
print(json.dumps({
    "slot": slot, "release": link("/opt/mysite/slots/" + slot), "lock": json.loads(lock)["run"] if lock else "",
    "undo": os.path.exists("/var/lib/django-ansible-deploy/mysite.undo"), "running": [name for name in states if states[name] == "active"],
}))
EOF`,
  );
  return JSON.parse(printed);
}
