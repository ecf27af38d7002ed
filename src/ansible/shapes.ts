/**
 * Checks of what a host says: of which type, form and length a value has to be. Each gives the value, perhaps cut, or
 * undefined for what does not fit.
 */
export type Shape<T> = (value: unknown) => T | undefined;

/** Names that an object of JavaScript has of its own. */
const isOwn = (name: string): boolean => name !== "__proto__";

/** A text of one form, whole. */
export function word(form: RegExp): Shape<string> {
  return (value) => (typeof value === "string" && form.test(value) && isOwn(value) ? value : undefined);
}

/** Any text, cut at its end. */
export function text(most: number): Shape<string> {
  return (value) => (typeof value === "string" ? value.slice(0, most) : undefined);
}

/** Any text, cut at its start: what a program printed last says most. */
export function ending(most: number): Shape<string> {
  return (value) => (typeof value === "string" ? value.slice(-most) : undefined);
}

export function number(most = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value) =>
    typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= most ? value : undefined;
}

export const flag: Shape<boolean> = (value) => (typeof value === "boolean" ? value : undefined);

export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value));
}

/** A list without what does not fit, cut at its end. */
export function list<T>(item: Shape<T>, most: number): Shape<readonly T[]> {
  return (value) =>
    Array.isArray(value)
      ? value
          .slice(0, most)
          .map(item)
          .filter((one) => one !== undefined)
      : undefined;
}

/** A mapping without the entries whose name or value does not fit, cut likewise. */
export function mapping<T>(name: Shape<string>, item: Shape<T>, most: number): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isObject(value)) return undefined;
    const entries = Object.entries(value)
      .slice(0, most)
      .map(([key, one]) => [name(key), item(one)] as const)
      .filter((entry): entry is readonly [string, T & {}] => entry[0] !== undefined && entry[1] !== undefined);
    return Object.fromEntries(entries);
  };
}

type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/**
 * An object with the fields that fit. One that lacks a field that it must have does not fit as a whole.
 *
 * @param drop is told the name of each other field that does not fit.
 */
export function object<T>(
  fields: Fields<T>,
  must: readonly (keyof T & string)[],
  drop: (field: string) => void = () => {},
): Shape<T> {
  return (value) => {
    if (!isObject(value)) return undefined;
    const found: Partial<Record<string, unknown>> = {};
    for (const [name, shape] of Object.entries<Shape<unknown>>(fields)) {
      const given = value[name];
      if (given === undefined) continue;
      const fit = shape(given);
      if (fit !== undefined) found[name] = fit;
      // Nothing is no wrong value.
      else if (given === null || given === "") continue;
      else if (!must.includes(name as keyof T & string)) drop(name);
    }
    return must.every((name) => found[name] !== undefined) ? (found as T) : undefined;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
