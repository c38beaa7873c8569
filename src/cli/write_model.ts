/** Writes networks for the command line, in every format of the library. */
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { pid } from "node:process";
import { toKeras } from "../formats/keras/source.ts";
import { toOnnx } from "../formats/onnx/export/to_onnx.ts";
import { toPyTorch } from "../formats/pytorch/to_pytorch.ts";
import { toSafetensors } from "../formats/safetensors_writer.ts";
import { saveModel } from "../formats/save_model.ts";
import { toLayersModel } from "../formats/tfjs/save.ts";
import { toTypeScript } from "../formats/typescript.ts";
import { toMermaid, toSvg } from "../nn/diagram.ts";
import type { Model } from "../nn/model.ts";
import { toStandaloneModule } from "../standalone/to_standalone_module.ts";
import { nearest, UsageError } from "./usage.ts";

/** Files of a format, by their names beside the first. */
type Files = readonly (readonly [name: string, content: string | Uint8Array])[];

interface Format {
  /** By which an output's name asks for it. */
  readonly extensions: readonly string[];
  /** The output is a folder. */
  readonly isFolder?: boolean;
  /** `name`: of the first file. */
  write(model: Model, name: string): Promise<Files> | Files;
}

/** A name with another ending: "train.py" → "train.safetensors". */
const beside = (name: string, ending: string) => `${name.slice(0, name.length - extname(name).length)}${ending}`;

/** By the names that `--to` takes. */
export const FORMATS: Readonly<Record<string, Format>> = {
  corteza: { extensions: [".safetensors"], write: (model, name) => [[name, saveModel(model)]] },
  onnx: { extensions: [".onnx"], write: (model, name) => [[name, toOnnx(model)]] },
  tfjs: {
    extensions: ["", ".json"],
    isFolder: true,
    write(model) {
      const { json, weights } = toLayersModel(model);
      return [
        ["model.json", JSON.stringify(json)],
        [json.weightsManifest[0]?.paths[0] ?? "weights.bin", weights],
      ];
    },
  },
  keras: {
    extensions: [],
    write: (model, name) => [
      [name, toKeras(model)],
      [beside(name, ".safetensors"), toSafetensors(model.parameters)],
    ],
  },
  pytorch: {
    extensions: [".py"],
    write: (model, name) => [
      [name, toPyTorch(model)],
      [beside(name, ".safetensors"), saveModel(model)],
    ],
  },
  typescript: { extensions: [".ts"], write: (model, name) => [[name, toTypeScript(model)]] },
  module: { extensions: [".js", ".mjs"], write: async (model, name) => [[name, await toStandaloneModule(model)]] },
  svg: { extensions: [".svg"], write: (model, name) => [[name, toSvg(model)]] },
  mermaid: { extensions: [".mmd"], write: (model, name) => [[name, toMermaid(model)]] },
};

/** The format of an output: the one that is named, else by its ending. Throws `UsageError` where there is none. */
export function formatOf(path: string, named: string | undefined): string {
  if (named !== undefined) {
    if (Object.hasOwn(FORMATS, named)) return named;
    const meant = nearest(named, Object.keys(FORMATS));
    throw new UsageError(
      `there is no format "${named}"${meant ? `; did you mean "${meant}"?` : ""} (${Object.keys(FORMATS).join(", ")})`,
    );
  }
  const ending = extname(basename(path)).toLowerCase();
  const found = Object.entries(FORMATS).find(([, { extensions }]) => extensions.includes(ending));
  if (found) return found[0];
  throw new UsageError(`no format ends in "${ending}"; name one with --to (${Object.keys(FORMATS).join(", ")})`);
}

/**
 * Writes a model. All files are written beside their places first and then renamed: what was there stays whole if that fails. Throws
 * `UsageError` where there are files of these names already, unless `force`; `ArgumentError` for layers that the format does not have.
 * Returns the files' paths.
 */
export async function writeModel(model: Model, path: string, format: string, force: boolean): Promise<string[]> {
  const { isFolder = false, write } = FORMATS[format] ?? {};
  if (write === undefined) throw new UsageError(`there is no format "${format}"`);
  const folder = isFolder ? (path.endsWith(".json") ? dirname(path) : path) : dirname(path);
  const files = await write(model, basename(path));
  const places = files.map(([name]) => join(folder, name));
  for (const place of places) {
    if (!force && (await exists(place))) throw new UsageError(`${place} is there already; --force writes over it`);
  }
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  try {
    for (const [index, [, content]] of files.entries()) {
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

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
