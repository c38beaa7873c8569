/** Data as JavaScript writes it. */

/** A text between quotes, in which nothing ends a script or a line. */
export function textLiteral(text: string): string {
  return JSON.stringify(text).replace(
    /<(?=[/!])|[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Numbers, texts, flags, lists and plain objects of them. What is undefined is left out of objects. */
export function literal(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return textLiteral(value);
  if (typeof value === "boolean" || value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(",")}]`;
  if (ArrayBuffer.isView(value)) return literal(Array.from(value as Float32Array));
  const entries = Object.entries(value as object).filter(([, one]) => one !== undefined);
  // A key in brackets is a name like all others, "__proto__" too.
  const key = (name: string) => (/^[a-z]\w*$/i.test(name) ? name : `[${textLiteral(name)}]`);
  return `{${entries.map(([name, one]) => `${key(name)}:${literal(one)}`).join(",")}}`;
}
