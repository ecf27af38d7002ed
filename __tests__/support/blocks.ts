import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** A block of a page that readers copy, and what the tests do with it. */
export type Block =
  | { readonly kind: "shell"; readonly text: string }
  /** Commands for a root shell on the server. */
  | { readonly kind: "server"; readonly text: string }
  /** A file of the reader's repository. */
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  | { readonly kind: "not run"; readonly reason: string; readonly text: string }
  /** A part of something, whose inputs and variables these tests give. */
  | { readonly kind: "tried"; readonly tests: readonly string[]; readonly text: string }
  /** Nothing says where it belongs. */
  | { readonly kind: "lost"; readonly text: string };

/** The blocks of commands, SQL and YAML of a page, in the page's order. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  const fence =
    /(?:^ *<!-- (?:not run: ([^\n]+?)|tried in: ([^\n]+?)) -->\n)?^( *)```(bash|yaml|sql)\n([\s\S]*?)^\3```$/gm;
  return [...text.matchAll(fence)].map(([, reason, tests, , language, body = ""]) => {
    const [first = ""] = body.split("\n");
    if (reason !== undefined) return { kind: "not run", reason, text: body };
    if (tests !== undefined) return { kind: "tried", tests: tests.split(", "), text: body };
    if (first.startsWith("# on the server")) return { kind: "server", text: body };
    if (language === "bash") return { kind: "shell", text: body };
    const [, path] = /^# (\S+\.ya?ml)$/.exec(first) ?? [];
    return path === undefined ? { kind: "lost", text: body } : { kind: "file", path, text: body };
  });
}
