/**
 * Values in messages. Like those of `hints.ts` these are functions that an error of dist/production does not call: it holds the values,
 * or what is told of them (`facts.ts`), and only who explains it has the functions (scripts/error-numbers.mjs).
 */
import { LONGEST_SHOWN } from "./hints.ts";
import { factsToldOf } from "./told.ts";

/** A text that is not too long for a message. */
export function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

const isObject = (value: unknown) =>
  value === null || (typeof value === "object" && factsToldOf(value)[0] === "object");

/** A value in a message, in a few words whatever it is: `"relu"`, `5n`, `[1, 2]`, `an object with kind, units`, `a promise`. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (value === null) return "null";
  if (Array.isArray(value)) return describeList(value);
  const [type, tag, text, names, has] = factsToldOf(value);
  if (type === "bigint") return `the BigInt ${shortened(text)}n`;
  if (type === "function") return text === "" ? "a function" : `the function ${shortened(text)}`;
  if (type !== "object") return text;
  if (has.includes("then")) return "a promise (await it)";
  // By its sound: "a URL", "a Uint8Array".
  if (tag !== "Object") return `${/^([AEIO]|U(?!R|int))/.test(tag) ? "an" : "a"} ${tag}`;
  return names.length === 0 ? "an empty object" : `an object with ${shortened(names.join(", ")).trim()}`;
}

function describeList(list: readonly unknown[]): string {
  const inner = (item: unknown) =>
    Array.isArray(item) && !item.some(isObject) ? `[${item.slice(0, 4).map(describeValue).join(", ")}]` : "…";
  const first = list.slice(0, 4).map((item) => (isObject(item) ? inner(item) : describeValue(item)));
  return shortened(`[${[...first, ...(list.length > 4 ? ["…"] : [])].join(", ")}]`);
}

/** Axes that are shown; no tensor of this library has as many. */
const MOST_AXES_SHOWN = 12;

/** `[2, 28, 28, 1]`, for messages and tables. */
export function formatShape(shape: readonly number[]): string {
  // Shapes that come from elsewhere may hold anything, and any number of axes.
  if (!Array.isArray(shape)) return describeValue(shape);
  const extents: readonly unknown[] = shape.slice(0, MOST_AXES_SHOWN);
  const shown = extents.map((extent) => (typeof extent === "number" ? extent : describeValue(extent)));
  const rest = shape.length - extents.length;
  return `[${[...shown, ...(rest > 0 ? [`… ${rest} more axes`] : [])].join(", ")}]`;
}
