import { describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { redactEvents } from "../../src/report/redact.js";
import { summaryOf } from "../support/summary.js";

const SECRET = "a*b_c<d>&e|f";
const failed: ResultEvent = {
  ...{ event: "result", host: "web1", task: "1", name: "T", action: "x", status: "failed" },
  ...{ msg: `no ${SECRET}\nsecond line`, stderr: SECRET, stdout: SECRET, warnings: [SECRET] },
  deploy: { warnings: [SECRET], images: { [SECRET]: SECRET } },
};
const redact = (text: string): string => text.replaceAll(SECRET, "***");

describe("redactEvents", () => {
  it("hides secrets wherever a host can say something, before escaping makes other text of them", () => {
    const events = redactEvents([{ event: "play", name: "P" }, failed], redact);
    expect(JSON.stringify(events)).not.toContain(SECRET);
    const whole = summaryOf(events);
    expect(whole).toContain("no ***");
    // What escaping makes of the secret would be found by nothing afterwards.
    expect(redact(summaryOf([failed]))).toContain("&lt;d&gt;");
    expect(whole).not.toContain("&lt;d&gt;");
  });
});
