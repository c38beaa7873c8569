/** Values as Python writes them: whatever a text holds, it stays one. */

/** A text as a literal of ASCII signs alone. */
function textLiteral(text: string): string {
  const escaped = [...text].map((sign) => {
    const code = sign.codePointAt(0) ?? 0;
    if (sign === '"' || sign === "\\") return `\\${sign}`;
    if (code >= 32 && code < 127) return sign;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped.join("")}"`;
}

/** Source that stands for itself: the name of a function, a call. */
export class Source {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value as a literal. */
export function literal(value: unknown): string {
  if (value instanceof Source) return value.text;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number")
    return Number.isFinite(value) ? String(value) : `float("${value > 0 ? "inf" : value < 0 ? "-inf" : "nan"}")`;
  if (typeof value === "string") return textLiteral(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, inner]) => `${textLiteral(key)}: ${literal(inner)}`)
    .join(", ")}}`;
}

/** A call with arguments by name; those that are undefined are left out. The names are this library's own, never a file's. */
export function call(callee: string, named: Readonly<Record<string, unknown>>): Source {
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return new Source(`${callee}(${given.map(([name, value]) => `${name}=${literal(value)}`).join(", ")})`);
}
