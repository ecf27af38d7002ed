import { describe, expect, it } from "vitest";
import { groupsOf, participantsOf } from "../../src/play/participants.js";
import { createPlay } from "../support/play.js";

const GRAPH = `@all:
  |--@ungrouped:
  |--@web:
  |  |--@inner:
  |  |  |--c
  |  |--a
  |--@db:
  |  |--d
`;
const LIST = `
playbook: deploy.yml

  play #1 (all): Reach\tTAGS: []
    pattern: ['all']
    hosts (2):
        no host
      no host either
      a
      c
`;
const answers = (list: string, graph: string) => `case "$4" in playbook) ${list};; inventory) ${graph};; esac`;
const print = (text: string) => `cat <<'END'\n${text}END\n`;

describe("participantsOf", () => {
  it("asks Ansible for hosts and their groups, with what the run is for and quietly", async () => {
    const script = `case "$4" in\nplaybook) ${print(LIST)};;\ninventory) ${print(GRAPH)};;\nesac`;
    const { play, started, lines } = createPlay(script);
    const found = await participantsOf(play);
    expect([...(found?.hosts ?? [])]).toEqual(["a", "c"]);
    expect([...(found?.groups ?? [])].sort()).toEqual(["all", "inner", "web"]);
    expect(started().sort()).toEqual([
      "-P -m ansible inventory --inventory /p/hosts.yml --graph",
      "-P -m ansible playbook /p/deploy.yml --inventory /p/hosts.yml --extra-vars @/p/vars.json --list-hosts",
    ]);
    expect(lines("env")).toEqual(expect.arrayContaining(["ANSIBLE_VERBOSITY=0", `PWD=${play.project.folder}`]));
  });

  it.each([
    ["the playbook", answers("exit 4", ":")],
    ["the inventory", answers(":", "exit 4")],
  ])("knows nothing where Ansible cannot read %s", async (_, script) => {
    expect(await participantsOf(createPlay(script).play)).toBeUndefined();
  });

  it("starts nothing once the run is to end", async () => {
    const { play, started } = createPlay("exit 0", () => ({ signal: AbortSignal.abort() }));
    expect(await participantsOf(play)).toBeUndefined();
    expect(started()).toEqual([]);
  });
});

describe("groupsOf", () => {
  it.each([
    [["a"], ["all", "web"]],
    [["c"], ["all", "inner", "web"]],
    [["d"], ["all", "db"]],
    [
      ["a", "d"],
      ["all", "db", "web"],
    ],
    [[], []],
  ])("finds the groups of %j", (hosts, groups) => {
    expect([...groupsOf(GRAPH, new Set(hosts))].sort()).toEqual(groups);
  });
});
