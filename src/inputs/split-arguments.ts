import { DeployError } from "../errors.js";

/**
 * Splits a text into words as a POSIX shell would: quotes and backslashes count, a `#` that starts a word opens a
 * comment, and nothing is expanded.
 *
 * @param name of the input, for the error.
 * @throws DeployError when a quote stays open.
 */
export function splitArguments(text: string, name = "extra-args"): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    const next = text.charAt(index + 1);
    if (quote === "'") {
      if (char === "'") quote = "";
      else word += char;
    } else if (quote === '"') {
      if (char === '"') quote = "";
      else if (char === "\\" && ['"', "\\", "$", "`"].includes(next)) word += text.charAt(++index);
      else if (char === "\\" && next === "\n") index++;
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\") {
      if (next === "\r" && text.charAt(index + 2) === "\n") index += 2;
      else if (next === "\n") index++;
      else {
        word = (word ?? "") + next;
        index++;
      }
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) {
      const end = text.indexOf("\n", index);
      index = end === -1 ? text.length : end;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== "") throw new DeployError(`${name} has a ${quote} that is not closed: close it.`);
  if (word !== undefined) words.push(word);
  return words;
}
