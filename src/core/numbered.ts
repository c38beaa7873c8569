/**
 * What an error says in a page's production build, where texts are numbers (scripts/error-numbers.mjs): the number, and the values
 * that the text would have held.
 */
export function numbered(number: number, ...values: readonly unknown[]): string {
  return `Corteza error ${number} ${JSON.stringify(values, told)}: explainError() of "corteza/errors" gives the text.`;
}

/** A value as a text holds it, where JSON would hold less. */
function told(_: string, value: unknown): unknown {
  const isPlain =
    value === null ||
    Array.isArray(value) ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    Number.isFinite(value);
  return isPlain ? value : String(value);
}
