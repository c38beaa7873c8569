/** Opens networks for the command line; what a file is, its bytes say. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FormatError } from "../core/errors.ts";
import { loadKeras } from "../formats/keras/load.ts";
import { loadModel } from "../formats/load_model.ts";
import { loadOnnx } from "../formats/onnx/load.ts";
import { loadLayersModel } from "../formats/tfjs/load.ts";
import type { Model } from "../nn/model.ts";

/** A network of a file. */
export interface OpenedModel {
  readonly model: Model;
  readonly format: "Corteza" | "ONNX" | "TensorFlow.js" | "Keras";
  /** What of the file the model does not have. */
  readonly lost: readonly string[];
}

/**
 * The network of a file of Corteza (.safetensors), ONNX, Keras (.keras, .h5) or TensorFlow.js (its model.json, or the folder that has
 * it). Throws `FormatError` for what is none of them, and what the file system throws.
 */
export async function readModel(path: string): Promise<OpenedModel> {
  const file = (await stat(path)).isDirectory() ? join(path, "model.json") : path;
  const bytes = new Uint8Array(await readFile(file));
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (start === "PK\x03\x04" || start === "\x89HDF") {
    const model = loadKeras(bytes);
    return { model, format: "Keras", lost: model.lost };
  }
  if (/^\s*\{/.test(start)) {
    const model = await layersModel(file, bytes);
    return { model, format: "TensorFlow.js", lost: model.lost };
  }
  if (bytes[8] === 0x7b) return { model: loadModel(bytes), format: "Corteza", lost: [] };
  return { model: loadOnnx(bytes), format: "ONNX", lost: [] };
}

/** Its weights lie beside it, under the names that it has for them, and nowhere else. */
async function layersModel(file: string, bytes: Uint8Array) {
  const text = new TextDecoder().decode(bytes);
  const paths = [...text.matchAll(/"paths"\s*:\s*\[([^\]]*)\]/g)].flatMap(([, list = ""]) =>
    [...list.matchAll(/"([^"]*)"/g)].map(([, path = ""]) => path),
  );
  const outside = paths.find((path) => /(^|[\\/])\.\.([\\/]|$)|^[\\/]|^\w:/.test(path));
  if (outside !== undefined) {
    throw new FormatError(
      `TF.js model: its weights lie at ${JSON.stringify(outside.slice(0, 80))}, outside of its folder.`,
    );
  }
  const weights = await Promise.all(
    paths.map(async (path) => new Uint8Array(await readFile(join(dirname(file), path)))),
  );
  return loadLayersModel(text, weights);
}
