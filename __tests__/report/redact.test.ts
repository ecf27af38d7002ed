import { describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { redactEvents } from "../../src/report/redact.js";

describe("redactEvents", () => {
  const result: ResultEvent = {
    event: "result",
    host: "web1",
    task: "1",
    name: "Copy s3cret",
    action: "x",
    status: "failed",
    msg: `${"x".repeat(9_000)} s3cret`,
    warnings: ["s3cret"],
    deploy: { release: "r1", warnings: ["s3cret"] },
  };

  it("hides secrets in free texts, and cuts these afterwards", () => {
    const [redacted] = redactEvents([result], (text) => text.replaceAll("s3cret", "***"));
    expect(JSON.stringify(redacted)).not.toContain("s3cret");
    expect(redacted).toMatchObject({ host: "web1", name: "Copy ***", deploy: { release: "r1", warnings: ["***"] } });
    expect(redacted?.event === "result" && redacted.msg).toMatch(/^x{4092} \*\*\*$/);
  });
});
