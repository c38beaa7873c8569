import { ArgumentError, CortezaError, FormatError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { constant } from "../nn/layers/constant.ts";
import { operation } from "../nn/layers/operation.ts";
import type { Model } from "../nn/model.ts";
import { type ModelConfig, modelFromConfig } from "../nn/model_config.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { parseHeader, tensorsOf } from "./safetensors.ts";
import { CHECKPOINT_FORMAT, modelConfigOf } from "./stored_config.ts";

/**
 * The model of a file that `saveModel` wrote, or of a trainer's checkpoint as it was then: its layers with their names, and its
 * weights bit for bit. Whoever has layers of `defineLayer` in it calls that first. Nothing of a file is trusted: it is looked at
 * before anything is made of it, and sizes that it claims are held against the bytes that are there.
 *
 * It answers at once and so brings every kind of layer with it; `openModel` fetches those alone that the file names, and takes
 * addresses and files that a visitor chose. Throws `FormatError` for whatever is wrong with the file, `ArgumentError` for what are
 * no bytes.
 */
export function loadModel(bytes: ArrayBuffer | Uint8Array): Model {
  if (!(bytes instanceof ArrayBuffer || bytes instanceof Uint8Array)) {
    throw new ArgumentError(
      `loadModel: wants a file's bytes, an ArrayBuffer or a Uint8Array, got ${describeValue(bytes)}; openModel() opens addresses, ` +
        "responses and files.",
    );
  }
  const { config, weights } = contentOf(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  try {
    return modelFromConfig(config, { weights, layers: { constant, operation } });
  } catch (cause) {
    // What layers say of options and shapes is said of the file here.
    if (cause instanceof FormatError || !(cause instanceof CortezaError)) throw cause;
    throw new FormatError(`loadModel: the file's model cannot be made: ${cause.message}`, { cause });
  }
}

/** The JSON of a file's model, and its tensors. */
function contentOf(bytes: Uint8Array): { config: ModelConfig; weights: ReadonlyMap<string, Tensor> } {
  const header = parseHeader(bytes);
  if (header.metadata.get("format") === CHECKPOINT_FORMAT) {
    const { config, tensors } = decodeCheckpoint(bytes);
    return { config: (config as { model: ModelConfig }).model, weights: tensors };
  }
  return { config: modelConfigOf("loadModel", header.metadata) as ModelConfig, weights: tensorsOf(bytes, header) };
}
