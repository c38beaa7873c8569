/** "corteza/errors": what errors of a page's production build mean, where texts are numbers. */
import { texts } from "./core/error_texts.ts";
import type { Facts } from "./core/facts.ts";
import { Told } from "./core/told.ts";

const START = /Corteza error (\d+) (?=\[)/;
const END = ': explainError() of "corteza/errors" gives the text.';

/**
 * The text of an error of Corteza: that which the same error has in development. A page's production build has numbers for texts,
 * "Corteza error 481220 …"; this has the texts, about 16 kB of gzip, so import it when one is caught:
 *
 *     const { explainError } = await import("corteza/errors");
 *     console.error(explainError(error));
 *
 * Takes an error, or the message of one from a log of the same version. What has no number is given back as it is.
 */
export function explainError(error: unknown): string {
  return explained(error instanceof Error ? error.message : String(error));
}

/** A text with the texts of all numbers in it. */
function explained(message: string): string {
  const start = START.exec(message);
  const text = start && texts[start[1] ?? ""];
  if (!text) return message;
  const from = start.index + start[0].length;
  for (let end = message.indexOf(END, from); end >= 0; end = message.indexOf(END, end + 1)) {
    const values = parsed(message.slice(from, end));
    if (values) return message.slice(0, start.index) + text(values) + explained(message.slice(end + END.length));
  }
  return message;
}

/** The values of a message, in which there may be messages again; undefined where this is not all of them. */
function parsed(json: string): readonly unknown[] | undefined {
  try {
    return JSON.parse(json, (_, value: unknown) => {
      if (typeof value === "string") return explained(value);
      return typeof value === "object" && value !== null && "~" in value ? new Told(value["~"] as Facts) : value;
    }) as unknown[];
  } catch {
    return undefined;
  }
}
