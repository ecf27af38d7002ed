import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FollowedFile } from "../../src/ansible/follow.js";
import { createFolder } from "../support/folder.js";

describe("FollowedFile", () => {
  it("gives whole lines as they come", () => {
    const path = join(createFolder(), "events");
    const file = new FollowedFile(path);
    expect(file.read()).toBe("");
    appendFileSync(path, "one\ntw");
    expect(file.read()).toBe("one\n");
    appendFileSync(path, "o\nthree\n");
    expect(file.read()).toBe("two\nthree\n");
    expect(file.read()).toBe("");
  });

  it("leaves out a line that does not end, and goes on after it", () => {
    const path = join(createFolder(), "events");
    appendFileSync(path, "one\n");
    for (let megabyte = 0; megabyte < 20; megabyte++) appendFileSync(path, "x".repeat(1_048_576));
    const file = new FollowedFile(path);
    expect(file.read()).toBe("one\n");
    appendFileSync(path, "end of it\ntwo\n");
    expect(file.read()).toBe("two\n");
  });
});
