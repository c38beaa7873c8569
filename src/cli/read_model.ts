import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FormatError } from "../core/errors.ts";
import { type OpenedNetwork, openNetwork } from "../formats/open_network.ts";

/**
 * The network of a file of Corteza (.safetensors), ONNX, Keras (.keras, .h5) or TensorFlow.js (its model.json, or the folder that has
 * it). Throws `FormatError` for what is none of them, and what the file system throws.
 */
export async function readModel(path: string): Promise<OpenedNetwork> {
  const isFolder = (await stat(path)).isDirectory();
  const file = isFolder ? join(path, "model.json") : path;
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (!isFolder || cause.code !== "ENOENT") throw cause;
    throw new FormatError(`${path} is a folder without a model.json, which a model of TensorFlow.js has.`, { cause });
  });
  return openNetwork(bytes, { name: basename(file), shard: (name) => readFile(join(dirname(file), name)) });
}
