/** Writes networks for the command line, in every format of the library. */
import { mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pid } from "node:process";
import type { Model } from "../nn/model.ts";
import { NETWORK_FORMATS, type NetworkFormat, networkFiles } from "../standalone/network_files.ts";
import { nearest, UsageError } from "./usage.ts";

/** By which endings an output's name asks for a format; "" is a folder. */
const ENDINGS: Readonly<Record<string, NetworkFormat>> = {
  ".safetensors": "corteza",
  ".onnx": "onnx",
  "": "tfjs",
  ".json": "tfjs",
  ".py": "pytorch",
  ".ts": "typescript",
  ".js": "module",
  ".mjs": "module",
  ".svg": "svg",
  ".mmd": "mermaid",
};

/** The format of an output: the one that is named, else by its ending. Throws `UsageError` where there is none. */
export function formatOf(path: string, named: string | undefined): NetworkFormat {
  const list = NETWORK_FORMATS.join(", ");
  if (named !== undefined) {
    const found = NETWORK_FORMATS.find((name) => name === named);
    if (found) return found;
    const meant = nearest(named, NETWORK_FORMATS);
    throw new UsageError(`there is no format "${named}"${meant ? `; did you mean "${meant}"?` : ""} (${list})`);
  }
  const ending = extname(basename(path)).toLowerCase();
  const found = Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
  if (found) return found;
  throw new UsageError(`no format ends in "${ending}"; name one with --to (${list})`);
}

/** What is written where, and over what. */
export interface Writing {
  readonly path: string;
  readonly format: NetworkFormat;
  /** Whether files that are there may be written over. */
  readonly force: boolean;
  /** What the model was read from, which is never written over. */
  readonly source: string;
}

/**
 * Writes a model. All files are written beside their places first and then renamed: what was there stays whole if that fails. Throws
 * `UsageError` where there are files of these names already, unless `force`, and where one of them is the source; `ArgumentError` for
 * layers that the format does not have. Returns the files' paths.
 */
export async function writeModel(model: Model, { path, format, force, source }: Writing): Promise<string[]> {
  const inFolder = format === "tfjs" && extname(path).toLowerCase() !== ".json";
  const folder = inFolder ? path : dirname(path);
  const files = await networkFiles(format, model, { name: inFolder ? "model.json" : basename(path) });
  const places = files.map(({ name }) => join(folder, name));
  const own = await realPathOf(source);
  for (const place of places) {
    if ((await realPathOf(place)) === own) {
      throw new UsageError(`${place} is what is converted; give the output another name`);
    }
    if (!force && (await exists(place))) throw new UsageError(`${place} is there already; --force writes over it`);
  }
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  try {
    for (const [index, { content }] of files.entries()) {
      const temporary = `${places[index]}.${pid}.tmp`;
      written.push(temporary);
      await writeFile(temporary, content, { flush: true });
    }
    for (const [index, temporary] of written.entries()) await rename(temporary, places[index] ?? temporary);
  } catch (error) {
    for (const temporary of written) await rm(temporary, { force: true });
    throw error;
  }
  return places;
}

/** Behind links; of what is not there, the path itself. */
const realPathOf = (path: string) => realpath(path).catch(() => resolve(path));

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
