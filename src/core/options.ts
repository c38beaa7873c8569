import { describeValue, shortened } from "./describe.ts";
import { ArgumentError } from "./errors.ts";
import { optionHint } from "./hints.ts";

export { describeValue };

/** What an option is before the function that takes it looks any closer. */
type OptionKind = "boolean" | "number" | "string" | "any";

/**
 * Every option of `T` with its kind. The compiler refuses a table that forgets an option of the type, names another one, or
 * gives a wrong kind, so that the table cannot fall behind.
 */
export type OptionKinds<T> = {
  readonly [Name in keyof T]-?: [NonNullable<T[Name]>] extends [boolean]
    ? "boolean"
    : [NonNullable<T[Name]>] extends [number]
      ? "number"
      : [NonNullable<T[Name]>] extends [string]
        ? "string"
        : "any";
};

/**
 * Throws `ArgumentError` unless `options` is an object that holds no other options than those of `kinds`, booleans, numbers
 * and texts where these are wanted; an option that is undefined counts as left out. The error names the nearest right one.
 * `where` is the function as it is called ("dense"); of names that people write in an option's place, it says what is meant
 * (core/option_hints.ts).
 */
export function checkOptions<T>(where: string, options: T, kinds: OptionKinds<T>): void {
  const table: Readonly<Record<string, OptionKind>> = kinds;
  const known = Object.keys(table);
  if (!isPlainObject(options)) {
    const example = `{ ${known[0] ?? ""}: … }`;
    throw new ArgumentError(
      `${where}: wants an object of options, as in ${where.includes(" ") ? example : `${where}(${example})`}, got ` +
        `${describeValue(options)}.`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) {
      throw new ArgumentError(`${where}: unknown option "${shortened(name)}"; ${optionHint(name, known, where)}`);
    }
    if (value === undefined || kind === "any" || typeof value === kind) continue;
    const wanted = kind === "boolean" ? "true or false" : kind === "number" ? "a number" : "a text";
    throw new ArgumentError(`${where}: ${name} must be ${wanted}, got ${describeValue(value)}.`);
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Whether somebody forgot an `await`. */
export function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
