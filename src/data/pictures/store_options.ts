/** Where images are to be kept: the options of what imports and opens them. */
import { ArgumentError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";

/** Bytes of images that are held in memory where nothing else is said: a quarter of what phones give a page. */
export const MEMORY_LIMIT = 256 * 2 ** 20;

/** Throws `ArgumentError` for what is no number of bytes. */
export function checkMemoryLimit(where: string, bytes: unknown): void {
  if (typeof bytes === "number" && bytes >= 0) return;
  throw new ArgumentError(`${where}: memoryLimit must be a number of bytes, at least 0, got ${describeValue(bytes)}.`);
}

/** Throws `ArgumentError` for what cannot be the name of a set. */
export function checkName(where: string, name: unknown): asserts name is string {
  if (typeof name === "string" && name.trim() !== "") return;
  throw new ArgumentError(
    `${where}: name must be a text under which the pictures are opened again, got ${describeValue(name)}.`,
  );
}
