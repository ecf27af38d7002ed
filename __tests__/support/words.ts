/**
 * Words of the house that readers do not know, with what is said in their place. Code in backquotes is left out before they
 * are looked for, and so are the names of variables and the keys of YAML.
 */
export const FORBIDDEN: readonly (readonly [words: RegExp, instead: string])[] = [
  [/\b(is|are|was|were|be) (not )?(asked|told)\b/i, "checks, requires, prints, shows"],
  [/\b(tells?|told)\b(?! you)/i, "prints, shows, says"],
  [/\bgates?\b/i, "health check"],
  [/\bprobe[ds]?\b/i, "health check"],
  [/\bway back\b/i, "rollback"],
  [
    /\b(host|hosts|deploy|release|rollback|switched|them|not|to) (go|goes|going|went) back\b|^(#+ .*)?\b(go|going) back\b/i,
    "rolls back",
  ],
  [/\b(is|are|be|not) fit\b/i, "healthy"],
  [/\b(become|becomes) root\b/i, "with sudo"],
  [
    /\b(release|releases|what|which|one|ones|host|hosts|everywhere|never|(?<!are )still|slot|nothing|releases that have|(?<=release|it|that) has) (still |that )?(serves?|served)\b(?! (requests|one job|https|static|uploads|files|all|those|them|to))/i,
    "the live release",
  ],
  [/\bserves? (what|the (old|new) release|a release|on|everywhere)\b/i, "the live release"],
];

/** Each sentence with a forbidden word, with what to say instead. */
export function forbiddenIn(text: string): string[] {
  const plain = text
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, "")
    .replaceAll(/^ *(?:- )?[\w-]+:(?= |$)/gm, "")
    .replaceAll(/`[^`\n]*`|[COVL]\([^)]*\)/g, "`…`")
    .replaceAll(/\n(?=\S)/g, "\n");
  const lines = plain.split("\n");
  return FORBIDDEN.flatMap(([words, instead]) =>
    lines
      .filter((line) => words.test(line))
      .map((line) => `${words.exec(line)?.[0]} (say: ${instead}) in: ${line.trim().slice(0, 200)}`),
  );
}
