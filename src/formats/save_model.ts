import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Model } from "../nn/model.ts";
import { toSafetensors } from "./safetensors_writer.ts";

/**
 * A model as one file: a safetensors file of its parameters, by their names, with the model's JSON in the metadata under "config".
 * Every reader of safetensors reads the weights; `loadModel` and `openModel` make the model again, with the same numbers bit for bit.
 * Needs no trainer and no device. After training, `await trainer.syncModel()` first where `fit` was not the last call.
 *
 *     const bytes = saveModel(model);
 *     const again = loadModel(bytes);
 *
 * Throws `ArgumentError` for what is no model, and where the weights that were trained last are still on the device.
 */
export function saveModel(model: Model): Uint8Array<ArrayBuffer> {
  if (!(model?.parameters instanceof Map) || typeof model.toJSON !== "function") {
    throw new ArgumentError(
      `saveModel: wants a model, as sequential() and model() make it, got ${describeValue(model)}; a trainer's model is the one ` +
        "that it was made with.",
    );
  }
  return toSafetensors(model.parameters, { config: JSON.stringify(model) });
}
