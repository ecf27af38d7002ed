import * as core from "@actions/core";
import { isTooCommon } from "./common.js";
import { hiddenForms } from "./forms.js";

/**
 * Hides secrets: from the log by the runner's own masks, and from texts that leave the action in another way (the
 * summary file, annotations) by {@link Mask.redact}.
 */
export class Mask {
  readonly #forms = new Set<string>();

  /** Registers secrets and the forms derived from them. What is too common to hide is left out. */
  readonly add = (secrets: readonly string[]): void => {
    for (const form of secrets.filter((secret) => !isTooCommon(secret)).flatMap(hiddenForms)) {
      if (this.#forms.has(form) || isTooCommon(form)) continue;
      this.#forms.add(form);
      core.setSecret(form);
    }
  };

  /** The text with `***` in place of each secret, also where two of them overlap. */
  readonly redact = (text: string): string => {
    const found: [start: number, end: number][] = [];
    for (const form of this.#forms) {
      for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
    }
    let result = "";
    let end = 0;
    for (const [from, to] of found.sort(([one], [other]) => one - other)) {
      if (from >= end) result += `${text.slice(end, from)}***`;
      end = Math.max(end, to);
    }
    return result + text.slice(end);
  };
}
