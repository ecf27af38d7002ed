import { describe, expect, it } from "vitest";
import { LogLines } from "../../src/ansible/log.js";

function logged(chunks: readonly (readonly ["stdout" | "stderr", string])[]): string[] {
  const lines: string[] = [];
  const log = new LogLines(
    {
      startGroup: (name) => lines.push(`<group ${name}>`),
      endGroup: () => lines.push("<end>"),
      stop: (token) => lines.push(`::stop-commands::${token}`),
      resume: () => lines.push("::TOKEN::"),
      write: (line) => lines.push(line),
    },
    "TOKEN",
    "MARK",
  );
  for (const [stream, chunk] of chunks) log.push(stream, chunk);
  log.end();
  return lines;
}

describe("LogLines", () => {
  it("groups plays, with the banner inside and the recap outside", () => {
    const text = "\nPLAY [one] ****\nMARK one\nTASK\nok\n\nPLAY [two] ****\nMARK two\nok\n\nPLAY RECAP ****\nweb1\n";
    expect(logged([["stdout", text]])).toEqual([
      "::stop-commands::TOKEN",
      "::TOKEN::",
      "<group one>",
      "::stop-commands::TOKEN",
      "",
      "PLAY [one] ****",
      "TASK",
      "ok",
      "::TOKEN::",
      "<end>",
      "<group two>",
      "::stop-commands::TOKEN",
      "",
      "PLAY [two] ****",
      "ok",
      "::TOKEN::",
      "<end>",
      "::stop-commands::TOKEN",
      "",
      "PLAY RECAP ****",
      "web1",
      "::TOKEN::",
    ]);
  });

  it("puts the banner of a phase's first task into its group, and shows it when something else is said", () => {
    expect(logged([["stdout", "MARK one\nok\n\nTASK [Begin] ****\nMARK two\nok\n"]]).slice(-7)).toEqual([
      "<group two>",
      "::stop-commands::TOKEN",
      "",
      "TASK [Begin] ****",
      "ok",
      "::TOKEN::",
      "<end>",
    ]);
    const lines: string[] = [];
    const log = new LogLines(
      {
        ...{ startGroup: () => {}, endGroup: () => {}, write: (line) => lines.push(line) },
        stop: (token) => lines.push(`::stop-commands::${token}`),
        resume: () => lines.push("::T::"),
      },
      "T",
      "M",
    );
    log.push("stdout", "TASK [Wait] ****\n");
    expect(lines).not.toContain("TASK [Wait] ****");
    log.say("… Wait: after 10 s");
    expect(lines.slice(-2)).toEqual(["TASK [Wait] ****", "… Wait: after 10 s"]);
  });

  it("lets no command of the output through", () => {
    const lines = logged([["stdout", "::set-output name=a::b\n::endgroup::\n##[error]x\n"]]);
    expect(lines[0]).toBe("::stop-commands::TOKEN");
    expect(lines.at(-1)).toBe("::TOKEN::");
    expect(lines.filter((line) => line === "::TOKEN::")).toHaveLength(1);
  });

  it("joins what comes in pieces, each stream on its own, and writes the last line without an end", () => {
    expect(
      logged([
        ["stdout", "ab"],
        ["stderr", "err"],
        ["stdout", "c\nd"],
        ["stderr", "or\n"],
        ["stdout", "ef"],
      ]).slice(1, -1),
    ).toEqual(["abc", "error", "def"]);
  });

  it("knows a marker in colour, and one without a name", () => {
    expect(logged([["stdout", "\u001b[0;35mMARK one\u001b[0m\nMARK\n"]])).toEqual(
      expect.arrayContaining(["<group one>", "<group play>"]),
    );
  });

  it("closes the last group when the run was cut off", () => {
    expect(logged([["stdout", "MARK one\nTASK"]]).slice(-3)).toEqual(["TASK", "::TOKEN::", "<end>"]);
  });
});
