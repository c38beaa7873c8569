/** The name of a thing's class, also of one from another window: "Float32Array", "HTMLImageElement". */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Names of properties that tell what an object is; "iterator" stands for that of lists. */
const TELLING = ["then", "data", "width", "length", "dataSync"];

/**
 * What messages tell of a value that is no text, no number and no list of these, as plain data: its type; of an object its class,
 * the first names of its properties where it has no class, and which of `TELLING` it has; of all else, and of errors, its text.
 */
export type Facts = readonly [
  type: string,
  tag: string,
  text: string,
  names: readonly string[],
  has: readonly string[],
];

/** The facts of a value. */
export function factsOf(value: unknown): Facts {
  if (typeof value === "function") return ["function", "", value.name, [], []];
  if (typeof value !== "object" || value === null) return [typeof value, "", String(value), [], []];
  const tag = tagOf(value);
  const names = tag === "Object" ? Object.keys(value).slice(0, 6) : [];
  const has = TELLING.filter((name) => name in value);
  if (Symbol.iterator in value) has.push("iterator");
  return ["object", tag, value instanceof Error ? String(value) : `a ${tag}`, names, has];
}
