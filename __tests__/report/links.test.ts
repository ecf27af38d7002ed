import { describe, expect, it } from "vitest";
import { jobLinks } from "../../src/report/links.js";

const job = {
  server: "https://github.com",
  repository: "example/mysite",
  run: "42",
  actor: "octocat",
  rollbackWorkflow: "rollback.yml",
};
const [from, to] = ["0".repeat(40), "a".repeat(40)];

describe("jobLinks", () => {
  it("leads to the commit, the comparison, the run and the button to roll back, and says who", () => {
    expect(jobLinks(job, { from, to, live: true })).toEqual([
      `[commit aaaaaaa](https://github.com/example/mysite/commit/${to})`,
      `[what changed](https://github.com/example/mysite/compare/${from}...${to})`,
      "[run and log](https://github.com/example/mysite/actions/runs/42)",
      "[roll back](https://github.com/example/mysite/actions/workflows/rollback.yml)",
      "started by octocat",
    ]);
  });

  it("offers no rollback where the release before is live, which a rollback would take away", () => {
    expect(jobLinks(job, { from, to, live: false }).join(" ")).not.toContain("roll back");
  });

  it("makes no link of what a host says that is no commit, nor without a repository", () => {
    expect(jobLinks(job, { from: "x](https://evil.example)", to: "main", live: true }).join(" ")).not.toMatch(
      /commit|compare|evil/,
    );
    expect(jobLinks({ ...job, repository: "", actor: "" }, { from, to, live: true })).toEqual([]);
    expect(jobLinks({ ...job, actor: "dependabot[bot]" }, { from: to, to, live: true }).join(" ")).not.toContain(
      "what changed",
    );
  });
});
