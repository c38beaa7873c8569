import { raceAbort } from "../core/abort.ts";
import { ArgumentError, CortezaError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkAnswer, request } from "../data/request.ts";
import { fetchBuilders } from "../nn/layers/on_demand.ts";
import type { Model } from "../nn/model.ts";
import type { ModelConfig } from "../nn/model_config.ts";
import { builtModel, checkExtent, type FunctionalWiring } from "../nn/model_of_config.ts";
import type { LayerMakers } from "../nn/own_layers.ts";
import { parseHeader, tensorsOf } from "./safetensors.ts";
import { CHECKPOINT_FORMAT, modelConfigOf } from "./stored_config.ts";

/** What `openModel` opens: a safetensors file with a model in it, where it is or what it holds, or a model's JSON. */
export type ModelSource = string | URL | Response | Blob | ArrayBuffer | Uint8Array | ModelConfig;

/** How a model is opened. */
export interface OpenModelOptions {
  /** All parameters of a model that is opened from its JSON, as `loadSafetensors` gives them. A file has its own. */
  weights?: ReadonlyMap<string, Tensor>;
  /** Makers in place of those that would be fetched for the layers `constant` and `operation`. */
  layers?: LayerMakers;
  /** Ends the opening, which then rejects with its reason. */
  signal?: AbortSignal;
}

const OPTIONS: OptionKinds<OpenModelOptions> = { weights: "any", layers: "any", signal: "any" };

/**
 * Opens a trained model: a safetensors file whose metadata has the model's JSON under "config", as `saveModel(model)` writes it, from
 * its address, a response, a file that a visitor chose, or its bytes:
 *
 *     const model = await openModel("./digits.safetensors");
 *
 * Of the library it fetches those kinds of layers alone that the model has; `loadModel` does the same at once, with all of
 * them at hand. A JSON whose weights lie elsewhere: `openModel(config, { weights })`. A trainer's checkpoint gives the model as it
 * was then. Nothing of a file is trusted: it is looked at before anything is made of it.
 *
 * Throws `CortezaError` with the code "network" where the file does not come, `FormatError` where it is no such file or no model
 * of this library, `ShapeError` and `ArgumentError` for layers that do not fit, `ModuleLoadError` where a part of the library does
 * not come, and the signal's reason when it aborts.
 */
export async function openModel(source: ModelSource, options: OpenModelOptions = {}): Promise<Model> {
  checkOptions("openModel", options, OPTIONS);
  const { weights, layers, signal } = options;
  signal?.throwIfAborted();
  const bytes = await raceAbort(bytesOf(source, signal), signal);
  if (bytes === undefined && !(weights instanceof Map)) {
    throw new ArgumentError(
      "openModel: a model's JSON alone has no weights; give them, openModel(config, { weights: loadSafetensors(bytes) }), or " +
        `modelFromConfig(config) makes one with initial weights. Got weights: ${describeValue(weights)}.`,
    );
  }
  if (bytes !== undefined && weights !== undefined) {
    throw new ArgumentError("openModel: a file has its own weights; give weights beside a model's JSON alone.");
  }
  const file = bytes && (await raceAbort(fileWithModel(bytes), signal));
  const config = file?.config ?? (source as ModelConfig);
  checkExtent(config);
  const parts = Promise.all([fetchBuilders(layersOf(config), layers), functionalWiringFor(config)]);
  const [from, functionalWiring] = await raceAbort(parts, signal);
  return builtModel(config, from, { weights: file?.weights ?? weights, functionalWiring });
}

/** What wires a configuration that is no plain chain. */
async function functionalWiringFor(config: ModelConfig): Promise<FunctionalWiring | undefined> {
  if (config?.kind !== "functional") return undefined;
  return (await onDemand("functional models", () => import("../nn/functional_of_config.ts"))).functionalWiring;
}

/** The bytes of a file; undefined of what is no file, but may be a model's JSON. */
async function bytesOf(source: ModelSource, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source === "string" || source instanceof URL) {
    if (!("location" in globalThis) && !/^(https?|data|blob):/.test(String(source))) {
      throw new ArgumentError(
        `openModel: ${describeValue(String(source))} is no address outside of a page; open a file by its bytes: openModel(await ` +
          "readFile(path)).",
      );
    }
    return bodyOf(String(source), await request(String(source), signal));
  }
  if (source instanceof Response) {
    const from = source.url === "" ? "openModel" : source.url;
    checkAnswer(from, source);
    if (source.bodyUsed) throw new ArgumentError("openModel: the response was read before; give a clone() of it.");
    return bodyOf(from, source);
  }
  if (source instanceof Blob) return bodyOf("openModel", source);
  if (typeof source === "object" && source !== null && "kind" in source) return undefined;
  throw new ArgumentError(
    "openModel: wants a file's address, a Response, a Blob or File, its bytes, or a model's JSON, got " +
      `${describeValue(source)}.`,
  );
}

/** All bytes of a response, or of a file that a visitor chose. */
async function bodyOf(from: string, body: Response | Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await body.arrayBuffer());
  } catch (cause) {
    throw new CortezaError("network", `${from}: the file could not be read to its end (${String(cause)}).`, { cause });
  }
}

/** The model and the weights of a safetensors file. */
async function fileWithModel(
  bytes: Uint8Array,
): Promise<{ config: ModelConfig; weights: ReadonlyMap<string, Tensor> }> {
  const header = parseHeader(bytes);
  if (header.metadata.get("format") === CHECKPOINT_FORMAT) {
    const { decodeCheckpoint } = await onDemand("checkpoints", () => import("./checkpoint.ts"));
    const { config, tensors } = decodeCheckpoint(bytes);
    return { config: (config as { model: ModelConfig }).model, weights: tensors };
  }
  const config = modelConfigOf("openModel", header.metadata) as ModelConfig;
  return { config, weights: tensorsOf(bytes, header) };
}

/** A configuration's layers, whatever it is: what is wrong with it is told when the layers are made. */
function layersOf(config: ModelConfig): Parameters<typeof fetchBuilders>[0] {
  const layers: unknown = config?.layers;
  return Array.isArray(layers) ? layers : [];
}
