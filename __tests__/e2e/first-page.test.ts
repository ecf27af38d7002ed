import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, must, onHost, projectFolder } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { runWorkflow, type WorkflowRun } from "./support/act.js";
import { actionCopy } from "./support/action-copy.js";
import { expectNoTraces } from "./support/expect.js";
import { compared, footprintOf, namedIn } from "./support/footprint.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { createReader, type Reader } from "./support/reader.js";
import { startTrial, type Trial } from "./support/trial.js";

// The first pages as a reader follows them: each block in its order, on a server as providers hand it out. The server's
// name is replaced by its address, GitHub's command by one that keeps what it is given, and a push by act.
const site = "www.example.com";
const pin = "0123456789abcdef0123456789abcdef01234567";

/** A server of a provider: root with a key and no sudo, or a user with sudo. */
const servers = [
  { login: "root", suite: "trixie" },
  { login: "debian", suite: "bookworm" },
] as const;

let trial: Trial;

beforeAll(async () => {
  trial = await startTrial("first-page");
});
afterAll(() => trial?.end());

describe.each(servers)("docs/getting-started.md on a $suite server that lets $login in", ({ login, suite }) => {
  let server: Host;
  let project: Project;
  let reader: Reader;
  let footprint: Awaited<ReturnType<typeof footprintOf>>;

  beforeAll(async () => {
    server = await trial.host({ name: `${login}1`, suite, kind: "base" });
    await onHost(server, handedOut(login, trial.key.publicKey));
    project = await createProject(trial, "examples/mysite", `${login}/mysite`);
    const url = "https://github.com/example/mysite.git";
    await must(["git", "-C", project.folder, "remote", "set-url", "origin", url]);
    await project.commit("A guestbook");
    const known = server.hostKeyLines.map((line) => line.replace(/^\S+/, server.innerAddress)).join("\n");
    reader = createReader(join(trial.folder, `home-of-${login}`), trial.key.file, known);
    reader.command("gh", gh(reader.home));
  });

  /** Runs a block as the page has it, but for the names of the example. */
  const follow = (text: string): Promise<string> =>
    reader.shell(
      text.replaceAll("app1.example.com", server.innerAddress).replace("LOGIN=root", `LOGIN=${login}`),
      project.folder,
    );

  async function push(): Promise<WorkflowRun> {
    await project.commit("Deploy with each push");
    return start(join(project.folder, ".github/workflows/deploy.yml"), "push");
  }

  function start(workflow: string, event: string): Promise<WorkflowRun> {
    const kept = (kind: string): Record<string, string> =>
      JSON.parse(readFileSync(join(reader.home, `gh-${kind}.json`), "utf8"));
    return runWorkflow(trial, workflow, {
      project,
      secrets: kept("secret"),
      vars: kept("variable"),
      event: { name: event },
      actions: { [`org/django-ansible-deploy@${pin}`]: actionCopy },
    });
  }

  test("each block does what it says, and the site answers", async () => {
    const script: string[] = [];
    let deployed: WorkflowRun | undefined;
    for (const block of blocksOf("docs/getting-started.md")) {
      // What a reader's shell has in its variables, the next block has, too.
      const variables = script.join("\n").match(/^(HOST|LOGIN)=.*$/gm) ?? [];
      if (block.kind === "server") {
        const root = login === "root" ? "bash -e" : "sudo bash -e";
        await follow(`LOGIN=root\nssh "$LOGIN@app1.example.com" ${root} <<'BLOCK'\n${block.text}BLOCK\n`);
      } else if (block.kind === "shell") {
        const printed = await follow([...variables, block.text].join("\n"));
        script.push(block.text);
        if (block.text.includes("echo ready")) expect(printed).toBe("ready\n");
        if (block.text.startsWith("curl")) expect(printed).toContain("<html");
      } else if (block.kind === "file") {
        project.write(block.path, block.text.replaceAll("app1.example.com", server.innerAddress));
      } else if (block.text.includes("git push")) {
        footprint = await footprintOf(server);
        deployed = await push();
        expect(deployed.code, deployed.log).toBe(0);
      }
    }
    expect(deployed?.summary).toMatch(/^### ✅ Deploy of mysite/);
    expect(readFileSync(join(project.folder, ".github/workflows/deploy.yml"), "utf8")).toContain(`@${pin} # v1`);
    expect(existsSync(join(project.folder, "deploy_key"))).toBe(false);
    expect(await fetchPage(server, site)).toMatchObject({ status: 200, body: expect.stringContaining("Version 1<") });
    expect(
      await onHost(server, "sudo -u postgres psql -XAtc \"select count(*) from pg_database where datname='mysite'\""),
    ).toBe("1");
    // pip, which was only being installed, would have left its notes beside it.
    expect(await onHost(server, "ls /opt/mysite/tools/uv-*")).toBe("bin");
    if (deployed !== undefined) expectNoTraces(trial, deployed, []);
  });

  test("the README's workflow deploys to it as well", async () => {
    const [first] = blocksOf("README.md");
    if (first?.kind !== "file") throw new Error("The README's first block is no workflow.");
    project.write(first.path, first.text.replaceAll("app1.example.com", server.innerAddress));
    const again = await push();
    expect(again.code, again.log).toBe(0);
    expect(await fetchPage(server, site)).toMatchObject({ status: 200 });
  });

  test("the button that getting-started has copied rolls back, with the inventory of the page", async () => {
    const live = await onHost(server, "readlink -f /opt/mysite/current");
    const back = await start(join(projectFolder, "examples/workflows/rollback.yml"), "workflow_dispatch");
    expect(back.code, back.log).toBe(0);
    expect(await onHost(server, "readlink -f /opt/mysite/current")).not.toBe(live);
    expect(await fetchPage(server, site)).toMatchObject({ status: 200 });
  });

  test("docs/what-a-deploy-does.md names every file, account and unit that came to the server, and none that did not", async () => {
    const named = namedIn("docs/what-a-deploy-does.md", "mysite");
    expect(compared(named, await footprint.grown())).toEqual({ unnamed: [], missing: [] });
  });

  test("docs/leaving.md takes all of it away", async () => {
    const blocks = blocksOf("docs/leaving.md");
    expect(blocks.map(({ kind }) => kind)).toEqual(["server", "server", "server"]);
    for (const { text } of blocks) await onHost(server, text);
    const left = await onHost(
      server,
      `test -s /root/mysite.dump
find / -xdev -name '*mysite*' -not -path '/proc/*' -not -path '/root/mysite.dump' -not -path '/var/log/*' -not -path '/var/lib/systemd/*'
getent passwd | grep mysite || true
systemctl list-units --all --no-legend 'mysite*'
su postgres -c "psql -XAtc "select datname from pg_database where datname = 'mysite'""
systemctl is-active nginx`,
    );
    expect(left).toBe("active");
    const grown = (await footprint.grown()).filter((name) => !/^unit (nginx|postgresql)/.test(name));
    expect(compared(namedIn("docs/leaving.md", "mysite"), grown).unnamed).toEqual([]);
  });
});

/** Makes a host of the lab what a provider hands out: no account `deploy`, and with root alone no sudo and no Python. */
function handedOut(login: string, publicKey: string): string {
  const bare = `
userdel --remove deploy
rm -f /etc/sudoers.d/deploy
export DEBIAN_FRONTEND=noninteractive SUDO_FORCE_REMOVE=yes`;
  const account =
    login === "root"
      ? "apt-get purge --quiet=2 --yes --auto-remove sudo python3 python3-apt python3-minimal > /dev/null\nhome=/root"
      : `useradd --create-home --shell /bin/bash ${login}
echo '${login} ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/90-cloud-init-users
home=/home/${login}`;
  return `${bare}
${account}
install -d -m 0700 -o ${login} -g ${login} "$home/.ssh"
echo '${publicKey}' > "$home/.ssh/authorized_keys"
chown ${login}:${login} "$home/.ssh/authorized_keys"
`;
}

/** GitHub's command as far as the page uses it: it keeps what it is given. */
const gh = (home: string): string => `#!/usr/bin/env python3
import json, os, sys
what, *rest = sys.argv[1:]
if what == "api":
    assert rest == ["repos/org/django-ansible-deploy/commits/v1", "--jq", ".sha"], rest
    print("${pin}")
else:
    assert what in ("secret", "variable") and rest[0] == "set" and len(rest) == 2, sys.argv
    name = os.path.join("${home}", "gh-%s.json" % what)
    kept = json.load(open(name)) if os.path.exists(name) else {}
    kept[rest[1]] = sys.stdin.read().rstrip("\\n")
    json.dump(kept, open(name, "w"))
`;
