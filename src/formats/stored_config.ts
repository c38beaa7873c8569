import { FormatError } from "../core/errors.ts";
import { parseStrictJson } from "./strict_json.ts";

/** What the metadata of a checkpoint say under "format". */
export const CHECKPOINT_FORMAT = "corteza-checkpoint";

/** The configuration of thousands of layers takes a fraction of this. */
const MOST_CHARACTERS = 4_000_000;
const MOST_DEPTH = 32;

/** A configuration that a file's metadata hold as JSON, an object. Throws `FormatError`, which begins with `what`. */
export function parseConfig(what: string, json: string): object {
  if (json.length > MOST_CHARACTERS) {
    throw new FormatError(`${what} has ${json.length} characters; at most ${MOST_CHARACTERS} are read.`);
  }
  // Looks for what the built-in parser lets pass: depth that whoever walks over it would pay for, keys named twice.
  if (!(parseStrictJson(json, what, MOST_DEPTH) instanceof Map)) throw new FormatError(`${what} is not a JSON object.`);
  return JSON.parse(json);
}
