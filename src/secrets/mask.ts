import * as core from "@actions/core";
import { hiddenForms, isTooCommon } from "./values.js";

/**
 * Hides secrets: from the log by the runner's own masks, and from texts that leave the action in another way (the
 * summary file, annotations) by {@link Mask.redact}.
 */
export class Mask {
  readonly #forms = new Set<string>();

  /** Registers secrets and the forms derived from them. What is too common to hide is left out. */
  readonly add = (secrets: readonly string[]): void => {
    for (const form of secrets.filter((secret) => !isTooCommon(secret)).flatMap(hiddenForms)) {
      if (this.#forms.has(form)) continue;
      this.#forms.add(form);
      core.setSecret(form);
    }
  };

  /** The text with `***` in place of each secret. */
  readonly redact = (text: string): string => {
    let result = text;
    // Longest first, so that no part of a secret is left beside the mask of a shorter one.
    for (const form of [...this.#forms].sort((a, b) => b.length - a.length)) {
      result = result.replaceAll(form, "***");
    }
    return result;
  };
}
