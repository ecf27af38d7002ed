import { describe, expect, it } from "vitest";
import { groupsOf } from "../../src/play/participants.js";

const GRAPH = `@all:
  |--@ungrouped:
  |--@web:
  |  |--@inner:
  |  |  |--c
  |  |--a
  |--@db:
  |  |--d
`;

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
