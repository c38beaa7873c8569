import { ArgumentError } from "./errors.ts";
import { LONGEST_SHOWN, optionHint } from "./hints.ts";

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

/** What to say of names that are not options here, but that people write. */
export type OptionHints = Readonly<Record<string, string>>;

/**
 * Throws `ArgumentError` unless `options` is an object that holds no other options than those of `kinds`, booleans, numbers
 * and texts where these are wanted; an option that is undefined counts as left out. The error names the nearest right one.
 * `where` is the function as it is called ("dense"); `hints` tell where an option belongs that is not this function's.
 */
export function checkOptions<T>(where: string, options: T, kinds: OptionKinds<T>, hints: OptionHints = {}): void {
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
      const plain = shortened(name);
      const hint = Object.hasOwn(hints, name) ? (hints[name] ?? null) : null;
      throw new ArgumentError(`${where}: unknown option "${plain}"; ${optionHint(plain, known, hint)}`);
    }
    if (value === undefined || kind === "any" || typeof value === kind) continue;
    const wanted = kind === "boolean" ? "true or false" : kind === "number" ? "a number" : "a text";
    throw new ArgumentError(`${where}: ${name} must be ${wanted}, got ${describeValue(value)}.`);
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A text that is not too long for a message. */
export function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** A value in a message, in a few words whatever it is: `"relu"`, `5n`, `[1, 2]`, `an object with kind, units`, `a promise`. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (typeof value === "bigint") return `the BigInt ${shortened(String(value))}n`;
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${shortened(value.name)}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (isPromise(value)) return "a promise (await it)";
  if (Array.isArray(value)) {
    const inner = (item: unknown) =>
      Array.isArray(item) && item.every((one) => typeof one !== "object")
        ? `[${item.slice(0, 4).map(describeValue).join(", ")}]`
        : "…";
    const first = value
      .slice(0, 4)
      .map((item: unknown) => (typeof item === "object" ? inner(item) : describeValue(item)));
    return shortened(`[${[...first, ...(value.length > 4 ? ["…"] : [])].join(", ")}]`);
  }
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  // By its sound: "a URL", "a Uint8Array".
  if (kind !== "Object") return `${/^([AEIO]|U(?!R|int))/.test(kind) ? "an" : "a"} ${kind}`;
  const names = Object.keys(value);
  return names.length === 0 ? "an empty object" : `an object with ${shortened(names.slice(0, 6).join(", ")).trim()}`;
}

/** Whether somebody forgot an `await`. */
export function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
