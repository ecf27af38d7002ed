import { describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { annotationsOf, type Repository } from "../../src/report/annotations.js";

const failed: ResultEvent = {
  ...{ event: "result", host: "web1", task: "1", name: "site : T", action: "x", status: "failed", msg: "no" },
  path: "/w/site/roles/a/tasks/main.yml:7",
};
const repository = (files: readonly string[] = []): Repository => ({
  ...{ workspace: "/w/site", workingDirectory: "backend" },
  exists: (path) => files.includes(path),
});
const placeOf = (result: Partial<ResultEvent>, files?: readonly string[]) => {
  const [{ file, startLine } = {}] = annotationsOf([["s", { ...failed, ...result }]], repository(files));
  return [file, startLine];
};

describe("annotationsOf", () => {
  it("points to a task of the workspace", () => {
    expect(annotationsOf([["sentence", failed]], repository())).toEqual([
      { message: "sentence", title: "web1: T", file: "roles/a/tasks/main.yml", startLine: 7 },
    ]);
  });

  it.each(["/elsewhere/main.yml:7", "/w/site2/main.yml:7", "no place"])("names no file for %s", (path) => {
    expect(annotationsOf([["s", { ...failed, path }]], repository())[0]).not.toHaveProperty("file");
  });

  const trace = `File "/opt/x/releases/r1/.venv/lib/django/core.py", line 3
  File "/opt/x/releases/r1/shop/models.py", line 12, in <module>
  File "/opt/x/releases/r1/shop/fields.py", line 8, in get
  File "/opt/x/releases/r1/.venv/lib/django/db.py", line 99`;

  it("points to the innermost line of the application's own code", () => {
    expect(placeOf({ msg: trace }, ["/w/site/backend/shop/fields.py"])).toEqual(["backend/shop/fields.py", 8]);
    expect(placeOf({ stderr: trace }, ["/w/site/shop/models.py"])).toEqual(["shop/models.py", 12]);
    expect(placeOf({ msg: trace })).toEqual(["roles/a/tasks/main.yml", 7]);
  });

  it("points to where Ansible says that a value comes from", () => {
    const msg = "Error while resolving value for 'msg'\nOrigin: /w/site/group_vars/all.yml:5:8\n\nmore";
    expect(placeOf({ msg })).toEqual(["group_vars/all.yml", 5]);
  });

  it("reads no place out of what is hidden", () => {
    expect(placeOf({ msg: trace, no_log: true }, ["/w/site/shop/models.py"])).toEqual(["roles/a/tasks/main.yml", 7]);
  });

  it("has one for each cause, that of the most hosts first, and leaves GitHub's tenth place to the step's error", () => {
    const rare = Array.from({ length: 12 }, (_, index) => [`s${index}`, failed] as const);
    const common = ["a", "b"].map(
      (host) => [`${host}: full`, { ...failed, host, msg: "No space left on device" }] as const,
    );
    const annotations = annotationsOf([...rare, ...common], repository());
    expect(annotations).toHaveLength(9);
    expect(annotations[0]?.title).toBe("2 hosts: T");
    expect(annotations[0]?.message).toMatch(/^a: full\nThe same on b\.\nThe disk is full/);
  });
});
