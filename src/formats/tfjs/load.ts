import { ArgumentError, FormatError } from "../../core/errors.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { assemble, type ImportedModel, type InputShapes } from "../keras_layers/assemble.ts";
import { isRecord } from "../keras_layers/records.ts";
import { modelFile } from "./model_file.ts";
import { layersWeights, type ShardBytes } from "./weights.ts";

/** Options of `loadLayersModel`. */
export interface LoadLayersModelOptions {
  /** One image's shape, [height, width, channels], where the file leaves it open: by the input's name, or alone where there is one input. */
  inputShapes?: InputShapes;
}

/** The text of model.json, whatever was given. */
function textOf(json: unknown): string {
  if (typeof json === "string") return json;
  if (json instanceof Uint8Array || json instanceof ArrayBuffer) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(json);
    } catch (cause) {
      throw new FormatError("TF.js model: model.json is no text in UTF-8.", { cause });
    }
  }
  try {
    if (isRecord(json)) return JSON.stringify(json);
  } catch {
    // Circles, and what else is no JSON: told below.
  }
  throw new ArgumentError(
    `loadLayersModel: wants model.json as an object, a text or bytes, and its weights behind it; got ${describeValue(json)}.`,
  );
}

/**
 * A layers model of TensorFlow.js, as `tf.LayersModel.save` and `tensorflowjs_converter` write it, as a model that predicts and
 * trains: `json` is its model.json (an object, a text or bytes), `weights` the bytes of its shards, in the order in which model.json
 * names them. Layers keep their names; models in models become part of one. Weights may be f32, f16 or quantized to uint8 or uint16.
 * docs/keras.md lists the layers that are read. `model.lost` says what of the file the model does not have and no prediction
 * depends on.
 *
 *     const folder = "https://example.org/my_model";
 *     const json = await (await fetch(`${folder}/model.json`)).json();
 *     const paths = json.weightsManifest.flatMap(({ paths }) => paths);
 *     const weights = await Promise.all(paths.map(async (path) => (await fetch(`${folder}/${path}`)).arrayBuffer()));
 *     const model = loadLayersModel(json, weights);
 *
 * Throws `FormatError`: for what is no layers model, for weights that do not belong to it, and one that lists everything that is not
 * supported with the names of the layers. No size that the file declares is believed before it was held against its bytes.
 */
export function loadLayersModel(
  json: object | string | Uint8Array | ArrayBuffer,
  weights: ShardBytes,
  options: LoadLayersModelOptions = {},
): ImportedModel {
  checkOptions("loadLayersModel", options, { inputShapes: "any" });
  const file = modelFile(textOf(json));
  if (file["format"] === "graph-model") {
    throw new FormatError(
      "TF.js model: this is a graph model, which has no layers; convert the original with --output_format=tfjs_layers_model.",
    );
  }
  const topology = file["modelTopology"];
  if (!isRecord(topology))
    throw new FormatError("TF.js model: model.json has no modelTopology; it is no layers model.");
  return assemble(topology["model_config"] ?? topology, layersWeights(file["weightsManifest"], weights), {
    what: "TF.js model",
    dialect: "keras2",
    caller: "loadLayersModel",
    inputShapes: options.inputShapes,
  });
}
