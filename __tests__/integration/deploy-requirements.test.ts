import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Runner } from "./support/runner.js";

const LOCAL = 'ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"';

describe("another Ansible with more packages, roles and collections", { timeout: 300_000 }, () => {
  let runner: Runner;
  let repository: string;
  const inputs = {
    playbook: "deploy.yml",
    inventory: `a ${LOCAL}`,
    "ansible-version": "2.19.4",
    "python-packages": "netaddr==1.3.0",
    requirements: "requirements.yml",
  };

  beforeAll(() => {
    runner = new Runner();
    repository = join(runner.base, "role");
    mkdirSync(join(repository, "tasks"), { recursive: true });
    mkdirSync(join(repository, "meta"));
    writeFileSync(join(repository, "meta", "main.yml"), "galaxy_info: {author: a, description: d, license: MIT}\n");
    writeFileSync(
      join(repository, "tasks", "main.yml"),
      `- ansible.builtin.copy:
    dest: ${runner.base}/made
    content: "{{ ansible_version.full }} {{ lookup('pipe', ansible_playbook_python ~ ' -c \\"import netaddr; print(netaddr.__version__)\\"') }}"
    mode: "0600"
`,
    );
    const git = (...args: string[]): string =>
      execFileSync("git", ["-C", repository, "-c", "user.name=T", "-c", "user.email=t@example.org", ...args], {
        encoding: "utf8",
      }).trim();
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message", "A role");
    runner.write(
      "requirements.yml",
      `roles:\n  - {name: fetched, src: "git+file://${repository}", version: ${git("rev-parse", "HEAD")}}\n`,
    );
    runner.write("deploy.yml", "- hosts: all\n  gather_facts: false\n  roles: [fetched]\n");
    runner.ownToolCache();
  });
  afterAll(() => runner.remove());

  it("are installed apart from the job's own", async () => {
    const home = join(runner.base, "home");
    mkdirSync(home);
    const step = await runner.main(inputs, { env: { HOME: home } });
    expect(step.code, step.log).toBe(0);
    expect(step.outputs["ansible-version"]).toBe("2.19.4");
    expect(readFileSync(join(runner.base, "made"), "utf8")).toBe("2.19.4 1.3.0");
    expect(existsSync(join(home, ".ansible", "roles"))).toBe(false);
  });

  it("are there the second time without network and without what they came from", async () => {
    rmSync(repository, { recursive: true });
    const nowhere = "http://127.0.0.1:9";
    const env = { PIP_INDEX_URL: nowhere, UV_DEFAULT_INDEX: nowhere, https_proxy: nowhere, http_proxy: nowhere };
    const step = await runner.main(inputs, { env });
    expect(step.code, step.log).toBe(0);
    expect(step.log).toContain("ansible-core 2.19.4 from the tool cache.");
  });

  it("that do not exist are named", async () => {
    const none = await runner.main({ ...inputs, "python-packages": "no-such-package-of-this-test==0.0.0" });
    expect(none.log).toMatch(
      /^::error::Ansible could not be installed with ansible-version 2\.19\.4 and python-packages no-such-package/m,
    );
    runner.write("other.yml", `roles:\n  - {name: gone, src: "git+file://${repository}"}\n`);
    const gone = await runner.main({ ...inputs, requirements: "other.yml" });
    expect(gone.log).toMatch(/^::error::requirements could not be installed: /m);
  });
});
