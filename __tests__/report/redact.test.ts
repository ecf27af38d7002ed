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

  const cut = (msg: string): string => {
    const [event] = redactEvents([{ ...failed, msg }], redact);
    return event?.event === "result" ? (event.msg ?? "") : "";
  };

  it("keeps of a long message what failed and the end, and of a first line that is too long nothing", () => {
    const lines = `${"x".repeat(99)}\n`.repeat(100);
    const kept = cut(`shop-worker does not stay up, ${SECRET}\n${lines}the cause`);
    expect(kept).toMatch(/^shop-worker does not stay up, \*{3}\n…\n[x\n]+the cause$/);
    expect(kept.length).toBeLessThan(4_200);
    expect(cut(`${"y".repeat(2_000)}\n${lines}`)).not.toContain("y");
    expect(cut(`z${"x".repeat(9_000)}`)).toHaveLength(4_096);
    expect(cut("short\nand whole")).toBe("short\nand whole");
  });
});
