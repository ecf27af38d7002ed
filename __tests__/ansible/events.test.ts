import { describe, expect, it } from "vitest";
import { parseEvents } from "../../src/ansible/events.js";

describe("parseEvents", () => {
  it("leaves out a line that was cut off, and what is no event", () => {
    const result = { event: "result", host: "a", task: "1", name: "T", action: "x", status: "ok" };
    const text = [
      JSON.stringify({ event: "play", name: "P", time: 1 }),
      JSON.stringify(result),
      '"text"',
      "null",
      '{"event":"result","host":1}',
      '{"event":"new kind"}',
      '{"event":"stats","hosts":{}}',
      '{"event":"result","host":"b","sta',
    ].join("\n");
    expect(parseEvents(text)).toEqual([{ event: "play", name: "P", time: 1 }, result, { event: "stats", hosts: {} }]);
  });

  it("finds nothing in nothing", () => {
    expect(parseEvents("")).toEqual([]);
  });
});
