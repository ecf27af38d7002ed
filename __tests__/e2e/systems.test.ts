import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ActionResult,
  copyToHost,
  type Host,
  must,
  onHost,
  reboot,
  type Suite,
  until,
} from "../../scripts/lab/index.mjs";
import { askedOf } from "./support/asked.js";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// The core of role mode on the systems that the other files do not have: systemd without cgroup v1, the newest Python and
// OpenSSH, and Ubuntu's sudo-rs and uutils.
const systems: [Suite, string][] = [
  ["forky", "Debian testing on cgroup v2"],
  ["ubuntu-like", "a host with sudo-rs and uutils, as Ubuntu 26.04"],
];

const site = "mysite.example";
const sudo = secret("sudo");
/** Stands for a database that is away: the application does not start while it is there. */
const away = "/opt/mysite/shared/away";

/** Serves the repositories below /srv to who has the token. */
const guardedServer = (token: string): string => `
import base64, functools, http.server
class Guarded(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") == "Basic " + base64.b64encode(b"robot:${token}").decode():
            return super().do_GET()
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", 8418), functools.partial(Guarded, directory="/srv")).serve_forever()
`;

describe.each(systems)("%s: %s", (suite) => {
  let trial: Trial;
  let project: Project;
  let host: Host;
  let run: (request?: DeployRequest) => Promise<ActionResult>;

  beforeAll(async () => {
    trial = await startTrial(`systems-${suite}`);
    host = await trial.host({ name: "app1", suite, kind: "ready", password: sudo });
    project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", inventory([host]));
    project.write(
      "group_vars/all.yml",
      `app_name: mysite\nserver_name: ${site}\ndjango_settings_module: mysite.settings.production\n`,
    );
    project.write(
      "mysite/wsgi.py",
      `import os
if os.path.exists("${away}"):
    raise ConnectionError("the database is away")
${project.read("mysite/wsgi.py")}`,
    );
    await project.commit("A guestbook");
    const start = directly(trial, project, [host]);
    run = ({ inputs } = {}) => start({ inputs: { "become-password": sudo, ...inputs } });
  });

  afterAll(() => trial?.end());

  /** What one of the systems is enough for. */
  const testOn = (only: Suite, name: string, work: () => Promise<void>): void => {
    if (suite === only) test(name, work);
  };

  const version = async (): Promise<string> => {
    const { status, body } = await fetchPage(host, site);
    return `${status} ${/Version (\d+)</.exec(body)?.[1]}`;
  };

  function expectDone(result: ActionResult, changed: string): void {
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": changed });
  }

  test("a wrong become password is said at once, and nothing was touched", async () => {
    const result = await run({ inputs: { "become-password": "wrong" } });
    expectRefused(result, /become-password is not the right become \(sudo\) password on app1/);
    expect(result.seconds).toBeLessThan(30);
    expect(await onHost(host, "ls /opt")).toBe("");
  });

  test("a first deploy is served, and a second one changes nothing", async () => {
    expectDone(await run(), "1");
    expect(await version()).toBe("200 1");
    const again = await run();
    expectDone(again, "0");
    expect(again.outputs["changed-tasks"], again.log).toBe("0");
  });

  test("a new commit is served, and a rollback goes back", async () => {
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    await project.commit("Version 2");
    const asked = await askedOf(host, async () => expectDone(await run(), "1"));
    expect(await version()).toBe("200 2");
    const back = await askedOf(host, async () => expectDone(await run({ inputs: { operation: "rollback" } }), "1"));
    expect(await version()).toBe("200 1");
    // A host that is alone ends the deploy in the step that switches. That of a rollback has not run here before, and gets its code first.
    // Of what sudo-rs starts, the journal has other lines.
    if (suite === "forky") expect([asked.programs, back.programs]).toEqual([2, 3]);
    const left =
      "cat /run/django-ansible-deploy/mysite.lock; ls /var/lib/django-ansible-deploy/*.undo 2>/dev/null || true";
    expect(await onHost(host, left)).toBe("");
  });

  testOn("forky", "a boot while the database is away ends in a site that is served once it is back", async () => {
    await onHost(host, `touch ${away}`);
    await reboot(host);
    // More often than systemd starts a unit again by itself.
    await until("The seventh start of the application", 60, async () => {
      const starts = await onHost(
        host,
        "systemctl show --property NRestarts --value 'mysite@*.service' | sort -n | tail -1",
      );
      return Number(starts) >= 6 ? true : undefined;
    });
    await onHost(host, `rm ${away}`);
    await until("The page after the database came back", 30, async () =>
      (await version().catch(() => "")) === "200 1" ? true : undefined,
    );
  });

  testOn(
    "ubuntu-like",
    "a playbook of the user's own becomes root and another user, with a password of sudo and without",
    async () => {
      project.write(
        "whoami.yml",
        `- hosts: all
  gather_facts: false
  become: true
  become_method: sudo
  tasks:
    - ansible.builtin.command: id -un
      register: root
      failed_when: root.stdout != "root"
    - ansible.builtin.command: id -un
      become_user: mysite
      register: other
      failed_when: other.stdout != "mysite"
`,
      );
      await project.commit("A playbook of its own");
      const own = (password: string) => run({ inputs: { playbook: "whoami.yml", "become-password": password } });
      expectDone(await own(sudo), "1");
      expectRefused(await own("wrong"), /become-password is not the right become \(sudo\) password on app1/);
      expectRefused(await own(""), /app1 asks for a become \(sudo\) password and become-password is given but empty/);
      // Where it is there, the usual sudo beside sudo-rs is not what was used.
      await onHost(host, "rm -f /usr/bin/sudo.ws");
      expectDone(await own(sudo), "1");
      await onHost(host, "echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/deploy");
      for (const password of ["", sudo]) expectDone(await own(password), "1");
    },
  );

  testOn("forky", "code comes from a repository behind a login, whose token is left nowhere", async () => {
    project.write("mysite/__init__.py", '__version__ = "3"\n');
    const commit = await project.commit("Version 3");
    const bare = join(trial.folder, "site.git");
    await must(["git", "clone", "--quiet", "--bare", project.folder, bare]);
    await must(["git", "-C", bare, "update-server-info"]);
    await copyToHost(host, bare, "/srv/site.git");
    const token = secret("token");
    await onHost(
      host,
      `cat > /root/serve.py <<'PYTHON'\n${guardedServer(token)}\nPYTHON\nsystemd-run --quiet python3 /root/serve.py`,
    );
    const result = await run({
      inputs: { source: "git", revision: "main", vars: `app_repo: http://robot:${token}@127.0.0.1:8418/site.git` },
    });
    expectDone(result, "1");
    expect(result.outputs.revision).toBe(commit);
    expect(await version()).toBe("200 3");
    expect(result.log).not.toContain(token);
    await onHost(host, "rm /root/serve.py");
    expect(await onHost(host, `grep -rlF '${token}' /opt /etc /run /tmp /root /home /var/cache /var/tmp || true`)).toBe(
      "",
    );
  });

  test("nothing of it failed on the host", async () => {
    expect(await onHost(host, "systemctl list-units --failed --no-legend --plain 'mysite*' nginx.service")).toBe("");
  });
});
