import { FormatError } from "../core/errors.ts";
import { entriesOf, parseStrictJson } from "./strict_json.ts";

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
  const config = parseStrictJson(json, what, MOST_DEPTH);
  if (entriesOf(config) === undefined) throw new FormatError(`${what} is not a JSON object.`);
  return config as object;
}

/** The JSON of the model that a file of weights holds in its metadata, under "config". Throws `FormatError`, which begins with `what`. */
export function modelConfigOf(what: string, metadata: ReadonlyMap<string, string>): object {
  const json = metadata.get("config");
  if (json === undefined) {
    throw new FormatError(
      `${what}: the file has weights, but no model: its metadata has no "config". Write it with saveModel(model), or give the ` +
        "model's JSON: openModel(config, { weights: loadSafetensors(bytes) }).",
    );
  }
  return parseConfig(`${what}: the "config" of the file's metadata`, json);
}
