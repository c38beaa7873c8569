/** The name of a thing's class, also of one from another window: "Float32Array", "HTMLImageElement". */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** What may be told of an object's properties; `factsOf` says which ones it has. */
const TOLD = {
  promise: (value: object) => "then" in value && typeof value.then === "function",
  data: (value: object) => "data" in value && ArrayBuffer.isView(value.data),
  size: (value: object) => "width" in value && "height" in value,
  length: (value: object) => "length" in value && Number.isInteger(value.length),
  dataSync: (value: object) => "dataSync" in value,
  iterator: (value: object) => Symbol.iterator in value,
};

/**
 * What messages tell of a value that is no text, no number and no list of these, as plain data: its type; of an object its class,
 * the first names of its properties where it has no class, and what of `TOLD` it has; of all else, and of errors, its text.
 */
export type Facts = readonly [
  type: string,
  tag: string,
  text: string,
  names: readonly string[],
  has: readonly (keyof typeof TOLD)[],
];

/** The facts of a value. */
export function factsOf(value: unknown): Facts {
  if (typeof value === "function") return ["function", "", value.name, [], []];
  if (typeof value !== "object" || value === null) return [typeof value, "", String(value), [], []];
  const tag = tagOf(value);
  const names = tag === "Object" ? Object.keys(value).slice(0, 6) : [];
  const has = Object.entries(TOLD).flatMap(([name, test]) => (test(value) ? [name as keyof typeof TOLD] : []));
  return ["object", tag, value instanceof Error ? String(value) : `a ${tag}`, names, has];
}
