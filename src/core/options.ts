import { ArgumentError } from "./errors.ts";

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
    if (kind === undefined) throw new ArgumentError(`${where}: unknown option "${shortened(name)}"; ${instead(name)}`);
    if (value === undefined || kind === "any" || typeof value === kind) continue;
    const wanted = kind === "boolean" ? "true or false" : kind === "number" ? "a number" : "a text";
    throw new ArgumentError(`${where}: ${name} must be ${wanted}, got ${describeValue(value)}.`);
  }

  function instead(name: string): string {
    if (Object.hasOwn(hints, name)) return `${hints[name]}.`;
    const nearest = nearestName(name, known);
    return nearest === undefined ? `it takes ${known.join(", ") || "none"}.` : `did you mean "${nearest}"?`;
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

const LONGEST_SHOWN = 60;

function shortened(text: string): string {
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

/** The name among `known` that `name` was probably meant to be: another spelling of it, its initials, or a few letters away. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[_\-\s]/g, "");
  const wanted = plain(name.slice(0, LONGEST_SHOWN));
  const same = known.find((one) => plain(one) === wanted || initials(one) === wanted);
  if (same !== undefined) return same;
  let nearest: string | undefined;
  let fewest = Math.ceil(wanted.length * 0.4) + 1;
  for (const one of known) {
    const edits = editsBetween(wanted, plain(one));
    if (edits < fewest && edits < one.length) [nearest, fewest] = [one, edits];
  }
  return nearest;
}

/** "lr" of "learningRate"; of a single word nothing. */
function initials(name: string): string | undefined {
  const capitals = name.replace(/[^A-Z]/g, "");
  return capitals === "" ? undefined : `${name[0] ?? ""}${capitals}`.toLowerCase();
}

/** Letters to be put in, taken away or replaced, or neighbours to be exchanged (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      }
      next.push(edits);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
