/** Opens a network of any format that is read; what a file is, its bytes say. */
import { FormatError } from "../core/errors.ts";
import type { Model } from "../nn/model.ts";
import { isSafetensors } from "./is_safetensors.ts";
import { loadKeras } from "./keras/load.ts";
import { loadModel } from "./load_model.ts";
import { loadOnnx } from "./onnx/load.ts";
import { safetensorsMetadata } from "./safetensors.ts";
import { parseStrictJson } from "./strict_json.ts";
import { loadLayersModel } from "./tfjs/load.ts";
import { shardPaths } from "./tfjs/model_file.ts";

export interface OpenedNetwork {
  readonly model: Model;
  readonly format: "Corteza" | "ONNX" | "TensorFlow.js" | "Keras";
  /** What of the file the model does not have, and no prediction depends on. */
  readonly lost: readonly string[];
  /** Whether the file's images had the channels first; the model's have them last. */
  readonly channelsFirst: boolean;
  /** Names of the classes, where the file has them. */
  readonly classNames?: readonly string[];
}

/**
 * The network of a file: ours, ONNX', Keras' (.keras, .h5), or a layers model of TensorFlow.js, whose weights `shard` reads by their
 * paths beside model.json. `name` is only asked where a damaged file's bytes say nothing. Throws `FormatError`, and what `shard` throws.
 */
export async function openNetwork(
  bytes: Uint8Array,
  { name, shard }: { name: string; shard(path: string): Promise<Uint8Array> },
): Promise<OpenedNetwork> {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (start === "PK\x03\x04" || start === "\x89HDF") {
    const model = loadKeras(bytes);
    return { model, format: "Keras", lost: model.lost, channelsFirst: false };
  }
  if (isSafetensors(bytes) || /\.safetensors$/i.test(name)) {
    const model = loadModel(bytes);
    const classNames = namesOf(safetensorsMetadata(bytes).get("classNames"));
    return { model, format: "Corteza", lost: [], channelsFirst: false, ...(classNames && { classNames }) };
  }
  const text = bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (text === 0x7b) {
    const json = utf8(bytes);
    const shards: Uint8Array[] = [];
    for (const path of shardPaths(json)) shards.push(await shard(path));
    const model = loadLayersModel(json, shards);
    return { model, format: "TensorFlow.js", lost: model.lost, channelsFirst: false };
  }
  const model = loadOnnx(bytes);
  const channelsFirst = model.layout.inputs.some(({ layout }) => layout === "NHWC");
  return { model, format: "ONNX", lost: [], channelsFirst };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError("TF.js model: model.json is no text in UTF-8.", { cause });
  }
}

/** Names of classes as metadata hold them, a list of texts; undefined of anything else. */
function namesOf(json: string | undefined): readonly string[] | undefined {
  const names = json === undefined ? undefined : parseStrictJson(json, "The names of the classes", 2);
  return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
}
