import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ActionResult,
  type Host,
  makeKey,
  must,
  onHost,
  projectFolder,
  servePostgres,
} from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly, expectRefused } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { tool } from "./support/tools.js";
import { secret, startTrial, type Trial, writeSecret } from "./support/trial.js";

// docs/rotating-secrets.md on one host, with a database that somebody else looks after.
const page = "docs/rotating-secrets.md";
const site = "secrets.example";
const text = readFileSync(join(projectFolder, page), "utf8");
const blocks = blocksOf(page).map((block) => block.text);

let trial: Trial;
let project: Project;
let host: Host;
let act: (inputs?: Record<string, string>) => Promise<ActionResult>;
const environment: Record<string, string> = { SECRET_KEY: secret("first-key") };

const onDatabase = (script: string): Promise<string> =>
  onHost(host, `su postgres -c 'psql -XAtq -v ON_ERROR_STOP=1 mysite' <<'SQL'\n${script}\nSQL`);

async function deployed(): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const result = await act({ env: lines.join("\n") });
  expect(result.outputs.status, result.log).toBe("succeeded");
}

describeInFull(page, () => {
  beforeAll(async () => {
    trial = await startTrial("rotating-secrets");
    host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
    const password = secret("database");
    await servePostgres(host, { database: "mysite", user: "mysite", password });
    environment.DATABASE_URL = `postgres://mysite:${password}@127.0.0.1/mysite`;
    project = await createProject(trial, "examples/mysite");
    const [base, production] = ["mysite/settings/base.py", "mysite/settings/production.py"];
    // Each request has a connection of its own, as Django has it by itself.
    project.write(base, project.read(base).replace("conn_max_age=60", "conn_max_age=0"));
    const line = /`(SECRET_KEY_FALLBACKS = [^`]+)`/.exec(text)?.[1] ?? "";
    project.write(production, `${project.read(production)}\n${line}\n`);
    project.write("inventory/hosts.yml", inventory([host]));
    await project.commit("A guestbook");
    const run = directly(trial, project, [host]);
    const vars = JSON.stringify({ server_name: site, django_settings_module: "mysite.settings.production" });
    act = (inputs = {}) => run({ inputs: { vars, ...inputs } });
    await deployed();
  });
  afterAll(() => trial?.end());

  test("SECRET_KEY: who is logged in stays so, until the old key is no fallback any more", async () => {
    const program = [
      "from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model",
      "from django.contrib.sessions.backends.db import SessionStore",
      'user = get_user_model().objects.create_superuser("ada", password="only-for-this-test")',
      "session = SessionStore()",
      'session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})',
      "session[HASH_SESSION_KEY] = user.get_session_auth_hash()",
      "session.create()",
      'print("session", session.session_key)',
    ];
    const run = await act({ operation: "run", command: `shell -v 0 -c '${program.join("\n")}'` });
    const session = /session (\w+)/.exec(run.outputs["command-output"] ?? "")?.[1] ?? "";
    const admin = async () => (await fetchPage(host, site, "/admin/", { Cookie: `sessionid=${session}` })).status;
    expect(await admin(), run.log).toBe(200);
    environment.SECRET_KEY_FALLBACKS = environment.SECRET_KEY ?? "";
    environment.SECRET_KEY = secret("second-key");
    await deployed();
    expect(await admin()).toBe(200);
    // Another session that stays would have to be one of the new key. This one is of the old.
    delete environment.SECRET_KEY_FALLBACKS;
    environment.SECRET_KEY = secret("third-key");
    await deployed();
    expect(await admin()).toBe(302);
  });

  test("the password of a database that is not the deploy's: no request fails, and the old one ends", async () => {
    const [make, end] = blocks.filter((block) => /^(CREATE|ALTER) ROLE /.test(block));
    const password = secret("another");
    const url = environment.DATABASE_URL ?? "";
    const load = startLoad([host], site, { clients: 8, rest: 100 });
    await onDatabase((make ?? "").replace("a new password", password));
    environment.DATABASE_URL = `postgres://mysite_2:${password}@127.0.0.1/mysite`;
    await deployed();
    // What an old slot may take for its requests, gunicorn_graceful_timeout.
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    await onDatabase(end ?? "");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const samples = await load.stop();
    console.log(
      `database password, a server of one's own: ${samples.length} requests, ${failures(samples).length} failed`,
    );
    expect(failures(samples)).toEqual([]);
    await expect(onHost(host, `psql ${url} -c 'SELECT 1'`)).rejects.toThrow(/not permitted to log in/);
    await deployed();
    expect(await onDatabase("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")).toBe("mysite");
  });

  test("the deploy key: a status tells whether the new one opens every host, and the old one opens none any more", async () => {
    const next = await makeKey(trial.folder, "next");
    await onHost(host, `echo '${next.publicKey}' >> ~deploy/.ssh/authorized_keys`);
    const status = await act({ operation: "status", "ssh-private-key": next.text });
    expect(status.outputs.status, status.log).toBe("succeeded");
    const old = trial.key.publicKey.split(" ")[1] ?? "";
    await onHost(
      host,
      `grep -vF '${old}' ~deploy/.ssh/authorized_keys > /tmp/keys; cat /tmp/keys > ~deploy/.ssh/authorized_keys`,
    );
    const closed = await act({ operation: "status" });
    expect(closed.outputs["unreachable-host-names"], closed.log).toBe('["app1"]');
    const again = await act({ operation: "status", "ssh-private-key": next.text });
    expect(again.outputs.status, again.log).toBe("succeeded");
    await onHost(host, `echo '${trial.key.publicKey}' >> ~deploy/.ssh/authorized_keys`);
  });

  test("the vault password: after a rekey the new one opens, and the old one is refused before a host is asked", async () => {
    const command = /`(ansible-vault rekey [^`]+)`/.exec(text)?.[1]?.split(" ") ?? [];
    const [old, next] = [secret("vault"), secret("next-vault")];
    project.write("group_vars/all/vault.yml", "vault_example: kept\n");
    await project.encrypt("group_vars/all/vault.yml", old);
    await project.commit("A vault");
    const files = [writeSecret(trial, "old", old), writeSecret(trial, "new", next)];
    const [, ...words] = command;
    await must(
      [
        tool("ansible-vault"),
        ...words,
        "--vault-password-file",
        files[0] ?? "",
        "--new-vault-password-file",
        files[1] ?? "",
      ],
      {
        cwd: project.folder,
      },
    );
    for (const file of files) rmSync(file);
    await project.commit("Another vault password");
    expectRefused(
      await act({ operation: "status", "vault-password": old }),
      /vault-password does not open group_vars\/all\/vault\.yml/,
    );
    const opened = await act({ operation: "status", "vault-password": next });
    expect(opened.outputs.status, opened.log).toBe("succeeded");
  });
});
