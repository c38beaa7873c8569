/** model.json of a layers model, as far as all that read it agree. */
import { FormatError } from "../../core/errors.ts";
import { quoted } from "../keras_layers/findings.ts";
import { type FileRecord, isRecord, plain } from "../keras_layers/records.ts";
import { parseStrictJson } from "../strict_json.ts";

/** Models in models nest four deep each. */
const MOST_DEPTH = 64;

/** The object that model.json is. Throws `FormatError`. */
export function modelFile(text: string): FileRecord {
  const file = plain(parseStrictJson(text, "TF.js model: model.json", MOST_DEPTH));
  if (!isRecord(file)) throw new FormatError("TF.js model: model.json is no object.");
  return file;
}

/**
 * Where the weights of a model lie, relative to its model.json, in the order of their bytes. Throws `FormatError`, also for a place that
 * is named twice or is not beside model.json: nobody writes such a file, and whoever opens it would read what it chooses.
 */
export function shardPaths(text: string): string[] {
  const manifest = modelFile(text)["weightsManifest"];
  const groups = Array.isArray(manifest) ? manifest : [];
  const paths = groups.flatMap((group: unknown) => {
    const listed = isRecord(group) ? group["paths"] : undefined;
    if (Array.isArray(listed) && listed.every((path) => typeof path === "string")) return listed as string[];
    throw new FormatError("TF.js model: weightsManifest has a group without a list of paths.");
  });
  const seen = new Set<string>();
  for (const path of paths) {
    const isBeside = path !== "" && !/^([\\/]|\w+:)|(^|[\\/])\.\.?([\\/]|$)/.test(path);
    if (!isBeside)
      throw new FormatError(`TF.js model: weights lie at ${quoted(path)}, which is not beside model.json.`);
    if (seen.has(path)) throw new FormatError(`TF.js model: weightsManifest names ${quoted(path)} twice.`);
    seen.add(path);
  }
  return paths;
}
