/** Texts that are no secret wherever they stand; hiding them would only make the log unreadable. */
const COMMON =
  /^(true|false|yes|no|on|off|none|null|localhost|\d{1,5}|admin|deploy|development|django|example|password|postgres|production|root|secret|staging|test|user)$/i;

/** Lines shorter than this are too common to hide. */
const SHORTEST = 4;

/** Whether hiding a text would blank the log rather than a secret. */
export function isTooCommon(text: string): boolean {
  return text.trim().length < SHORTEST || COMMON.test(text.trim());
}
