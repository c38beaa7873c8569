import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Feeds } from "./backend.ts";

/**
 * Throws unless every input of a program, and nothing else, is fed: `ArgumentError` for one too many or too few, `ShapeError`
 * for a wrong length.
 */
export function checkFeeds(feeds: Feeds, inputs: ReadonlyMap<string, { readonly shape: Shape }>): void {
  for (const name of Object.keys(feeds)) {
    if (inputs.has(name)) continue;
    const known = [...inputs.keys()].map((input) => `"${input}"`).join(", ") || "none";
    throw new ArgumentError(`run: the program has no input "${name}" (its inputs: ${known}).`);
  }
  for (const [name, { shape }] of inputs) {
    const feed = feeds[name];
    if (feed === undefined) throw new ArgumentError(`run: input "${name}" ${formatShape(shape)} is missing.`);
    if (feed.length !== sizeOf(shape)) {
      throw new ShapeError(
        `run: input "${name}" ${formatShape(shape)} holds ${sizeOf(shape)} values, ${feed.length} were fed.`,
      );
    }
  }
}
