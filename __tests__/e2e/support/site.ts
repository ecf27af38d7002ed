import { expect } from "vitest";
import { type ActionResult, type Host, onHost } from "../../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./direct.js";
import { inventory } from "./inventory.js";
import { createProject, type Project } from "./project.js";
import { secret, type Trial } from "./trial.js";
import { visited } from "./visitors.js";

/** An application with TLS on a host of each Debian, which has something for every kind of client. */
export interface Site {
  project: Project;
  hosts: [Host, Host];
  /** The application's environment, as the input `env` takes it. */
  env: string;
  run: (request?: DeployRequest) => Promise<ActionResult>;
  /** Deploys what is committed, with more variables. */
  deploy: (vars?: Record<string, unknown>) => Promise<ActionResult>;
  commit: (version: string) => Promise<void>;
  /** Commits and deploys a version; a deploy that does not succeed fails the test. */
  deployed: (version: string) => Promise<void>;
}

const env = "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3";

/** Debian 12's nginx 1.22 and Debian 13's 1.26. `graceful` is the time in seconds that an old slot has for what is open. */
export async function startSite(trial: Trial, graceful: number): Promise<Site> {
  const hosts = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready", ports: [443] }),
    trial.host({ name: "app2", suite: "trixie", kind: "ready", ports: [443] }),
  ]);
  await Promise.all(hosts.map(renewCertificate));
  const project = await createProject(trial, "examples/mysite");
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
  project.write("inventory/hosts.yml", inventory(hosts));
  project.write("inventory/group_vars/all.yml", JSON.stringify(variables));
  project.write("mysite/asgi.py", visited);
  const run = directly(trial, project, hosts);
  const deploy: Site["deploy"] = (vars = {}) =>
    run({ inputs: { env, ...(Object.keys(vars).length > 0 ? { vars: JSON.stringify(vars) } : {}) } });
  const commit: Site["commit"] = async (version) => {
    project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
    await project.commit(`Version ${version}`);
  };
  const deployed: Site["deployed"] = async (version) => {
    await commit(version);
    const result = await deploy();
    expect(result.outputs.status, result.log).toBe("succeeded");
  };
  return { project, hosts, env, run, deploy, commit, deployed };
}

/** Gives a host another certificate of a name that nobody asks for. nginx has to be told. */
export const renewCertificate = (host: Host): Promise<string> =>
  onHost(
    host,
    "mkdir -p /etc/ssl/mysite && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=mysite.example -keyout /etc/ssl/mysite/key.pem -out /etc/ssl/mysite/certificate.pem 2>/dev/null",
  );

export async function rolledBack({ run }: Site): Promise<void> {
  const result = await run({ inputs: { operation: "rollback", env } });
  expect(result.outputs.status, result.log).toBe("succeeded");
}
