import { factsOf } from "./facts.ts";

/** Letters of a text, and entries of a list, that a message holds: whatever somebody gave in the place of a few words. */
const MOST_LETTERS = 5000;
const MOST_ENTRIES = 1000;

/**
 * What an error says in a page's production build, where texts are numbers (scripts/error-numbers.mjs): the number, and the values
 * that the text would have held.
 */
export function numbered(number: number, ...values: readonly unknown[]): string {
  return `Corteza error ${number} ${JSON.stringify(values, told)}: explainError() of "corteza/errors" gives the text.`;
}

/** A value as the text needs it: plain as it is, else `{ "~": its facts }`. */
function told(this: unknown, key: string, json: unknown): unknown {
  // As it was before any toJSON() of its own.
  const value: unknown = (this as Readonly<Record<string, unknown>>)[key];
  if (typeof value === "string") return value.slice(0, MOST_LETTERS);
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES);
  const isPlain = value === null || typeof value === "boolean" || Number.isFinite(value);
  return isPlain ? json : { "~": factsOf(value) };
}
