import { FormatError } from "../../core/errors.ts";
import { foreignFile } from "../../core/foreign_file.ts";
import { checkOptions } from "../../core/options.ts";
import { assemble, type ImportedModel, type InputShapes } from "../keras_layers/assemble.ts";
import { isRecord, plain } from "../keras_layers/records.ts";
import type { Dialect } from "../keras_layers/values.ts";
import { parseStrictJson } from "../strict_json.ts";
import { openHdf5 } from "./hdf5.ts";
import { CountedWeights, GroupedWeights } from "./weights.ts";
import { ZipFile } from "./zip.ts";

/** Options of `loadKeras`. */
export interface LoadKerasOptions {
  /** One image's shape, [height, width, channels], where the file leaves it open: by the input's name, or alone where there is one input. */
  inputShapes?: InputShapes;
}

const WHAT = "Keras file";
/** Models in models nest four deep each. */
const MOST_DEPTH = 64;

const jsonOf = (name: string, text: string): unknown => plain(parseStrictJson(text, `${WHAT}: ${name}`, MOST_DEPTH));

const dialectOf = (version: unknown): Dialect =>
  typeof version === "string" && /^[012]\./.test(version) ? "keras2" : "keras3";

/** A zip archive with config.json, metadata.json and model.weights.h5. */
function zipped(bytes: Uint8Array, options: LoadKerasOptions): ImportedModel {
  const archive = new ZipFile(bytes);
  const [config, weights] = ["config.json", "model.weights.h5"].map((name) => archive.read(name));
  if (config === undefined || weights === undefined) {
    throw new FormatError(
      `${WHAT}: the archive has no ${config ? "model.weights.h5" : "config.json"}; it is no .keras file.`,
    );
  }
  const metadata = archive.read("metadata.json");
  const told = metadata && jsonOf("metadata.json", new TextDecoder().decode(metadata));
  return assemble(jsonOf("config.json", new TextDecoder().decode(config)), new CountedWeights(openHdf5(weights)), {
    what: WHAT,
    dialect: dialectOf(isRecord(told) ? told["keras_version"] : undefined),
    caller: "loadKeras",
    inputShapes: options.inputShapes,
  });
}

/** An HDF5 file whose attribute "model_config" is the model. */
function legacy(bytes: Uint8Array, options: LoadKerasOptions): ImportedModel {
  const root = openHdf5(bytes);
  const [config, version] = ["model_config", "keras_version"].map((name) => {
    const value = root.attribute(name);
    return value && "texts" in value ? value.texts[0] : undefined;
  });
  if (config === undefined) {
    throw new FormatError(
      `${WHAT}: it has weights and no model. Save the whole of it: model.save("model.keras"), or model.save("model.h5").`,
    );
  }
  const weights = root.at("model_weights");
  if (weights === undefined) throw new FormatError(`${WHAT}: it has a model and no weights.`);
  return assemble(jsonOf("model_config", config), new GroupedWeights(weights), {
    what: WHAT,
    dialect: dialectOf(version),
    caller: "loadKeras",
    inputShapes: options.inputShapes,
  });
}

/**
 * A model that Keras saved, `model.save("model.keras")` or, before that, `model.save("model.h5")`, by Keras 2 or 3, as a model that
 * predicts and trains. Layers keep their names; models in models become part of one. docs/keras.md lists the layers that are read.
 * `model.lost` says what of the file the model does not have and no prediction depends on.
 *
 * Throws `FormatError`: for what is no such file, for one with weights alone, and one that lists everything that is not supported
 * with the names of the layers. No size that the file declares is believed before it was held against its bytes.
 */
export function loadKeras(bytes: ArrayBuffer | Uint8Array, options: LoadKerasOptions = {}): ImportedModel {
  checkOptions("loadKeras", options, { inputShapes: "any" });
  const file = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const start = String.fromCharCode(...file.subarray(0, 4));
  if (start === "PK\x03\x04") return zipped(file, options);
  if (start === "\x89HDF") return legacy(file, options);
  throw new FormatError(`${WHAT}: it is no .keras and no .h5 file; ${foreignFile(file) ?? "fetch it again"}.`);
}
