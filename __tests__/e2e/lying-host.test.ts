import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onHost } from "../../scripts/lab/index.mjs";
import { expectRefused } from "./support/direct.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { fetchPage } from "./support/page.js";

/** What answers Ansible on a host whose owner lies: the module runs as it is, and its answer is changed by /opt/liar/lie.py. */
const LIAR = `#!/bin/bash
answer=$(mktemp)
/usr/bin/python3 "$@" > $answer
code=$?
/usr/bin/python3 - $answer <<'EOF'
import json, sys
text = open(sys.argv[1]).read()
try:
    answer = json.loads(text)
    exec(open("/opt/liar/lie.py").read())
    text = json.dumps(answer)
except ValueError:
    pass
print(text)
EOF
exit $code
`;

let fleet: Fleet;
let first = "";
let second = "";

beforeAll(async () => {
  fleet = await startFleet("liar");
  await commitVersion(fleet.project, "1");
  first = (await fleet.deploy()).outputs.release ?? "";
  await commitVersion(fleet.project, "2");
  second = (await fleet.deploy()).outputs.release ?? "";
  await onHost(
    fleet.app2,
    `mkdir /opt/liar\ncat > /opt/liar/python3 <<'LIAR'\n${LIAR}LIAR\nchmod 755 /opt/liar/python3`,
  );
  fleet.project.write("inventory/host_vars/app2.yml", "ansible_python_interpreter: /opt/liar/python3\n");
});

afterAll(() => fleet?.trial.end());

/** Has the host change each answer that has a key. */
const lie = (python: string, key = "account_exists"): Promise<string> =>
  onHost(
    fleet.app2,
    `cat > /opt/liar/lie.py <<'LIE'\nif "${key}" in answer:\n${python.trim().replaceAll(/^/gm, "    ")}\nLIE`,
  );
const versionOf = async (): Promise<string> =>
  /Version (\S+)</.exec((await fetchPage(fleet.app1, site)).body)?.[1] ?? "";

describe("a host of the fleet that lies", () => {
  test.each([
    [
      "a path for the name of a release",
      `answer["releases"][0]["release"] = "../../../etc/x"`,
      /releases\[0\]\.release.*'\.\.\/\.\.\/\.\.\/etc\/x'.*not the name of a release/,
    ],
    ["another type", `answer["releases"] = {"a": 1}`, /releases, which is a mapping where a list belongs/],
    ["8 MB", `answer["warnings"] = ["x" * (8 << 20)]`, /answered 8 MiB, and no answer has more than 4/],
    [
      "variables for the play",
      `answer["ansible_facts"] = {"app_name": "evil"}`,
      /ansible_facts, which is nothing that it may answer/,
    ],
    [
      "an address for the report",
      `answer["deploy"]["url"] = "javascript:alert(1)"`,
      /deploy\.url.*not an address of a site/,
    ],
  ])("with %s ends the deploy in one sentence, and nothing is touched", async (_, python, sentence) => {
    await lie(python);
    const commit = await commitVersion(fleet.project, `3.${Math.random()}`);
    const run = await fleet.deploy();
    expectRefused(run, sentence);
    expect(run.outputs["failed-host-names"]).toBe('["app2"]');
    for (const host of fleet.hosts) {
      expect(await stateOf(host)).toMatchObject({ release: second, undo: false, lock: "" });
      expect(await onHost(host, "ls /opt/mysite/releases")).not.toContain(commit.slice(0, 7));
    }
    expect(await versionOf()).toBe("2");
    expect(await onHost(fleet.app1, "ls -d /etc/x 2>/dev/null || true")).toBe("");
  });

  test("that an old release is the new commit has the others serve the new commit all the same", async () => {
    const commit = await commitVersion(fleet.project, "4");
    await lie(`
for entry in answer["releases"]:
    if entry["release"] == ${JSON.stringify(first)}:
        entry.update(revision=${JSON.stringify(commit)}, as_built=True, prepared=True)`);
    const run = await fleet.deploy();
    expect(await versionOf(), run.log).toBe("4");
    expect(run.outputs.release).toMatch(new RegExp(`-${commit.slice(0, 7)}$`));
  });

  test("that it serves another commit in the end has the whole fleet go back", async () => {
    const commit = await commitVersion(fleet.project, "5");
    await lie(`answer["deploy"]["revision"] = "0" * 40`, "slot");
    const run = await fleet.deploy();
    expectRefused(run, new RegExp(`app2 serves commit 0000000 and not ${commit.slice(0, 7)}, which this deploy is of`));
    expect(await versionOf()).toBe("4");
    for (const host of fleet.hosts) expect(await stateOf(host)).toMatchObject({ undo: false, lock: "" });
  });
});
