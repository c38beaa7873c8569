/** How the layers of a file hang together: `Sequential` and `Functional` models, one in another. */
import { FormatError } from "../../core/errors.ts";
import { type Findings, quoted } from "./findings.ts";
import { type Recipe, recipeOf } from "./recipe.ts";
import { described, type FileRecord, isRecord } from "./records.ts";
import { type Dialect, toSnake } from "./values.ts";
import type { FileLayer } from "./weights.ts";

/** A tensor that a layer of the file gave: which layer, in which of its calls, and which of what that gave. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

/** A layer with its recipe, a model in a model, or an input. */
export type Block =
  | { readonly type: "layer"; readonly recipe: Recipe | undefined; readonly layer: FileLayer }
  | { readonly type: "model"; readonly model: FileModel }
  | { readonly type: "input"; readonly shape: unknown };

/** A layer of a functional model with its calls. */
export interface Item {
  readonly name: string;
  readonly block: Block;
  readonly calls: readonly (readonly Reference[])[];
  /** The number of its first call: files of Keras 2 begin with 1 for a model in a model. */
  readonly firstCall: number;
}

/** A model of a file. */
export interface FileModel {
  readonly name: string;
  readonly isSequential: boolean;
  /** In the order of a chain, where it is one. */
  readonly items: readonly Item[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
  /** The shape that the chain's first layer names, with the batch. */
  readonly inputShape: unknown;
}

/** What is known while a model is read. */
export interface Reading {
  readonly what: string;
  readonly dialect: Dialect;
  readonly findings: Findings;
  /** Layers read so far, of all models. */
  readonly count: { layers: number };
}

/** Where a model lies. */
interface Place {
  readonly within: readonly string[];
  readonly stored: readonly string[];
  readonly frozen: boolean;
}

/** Layers of a file at most; this library's models have no more. */
const MOST_LAYERS = 4096;
const MODELS: readonly string[] = ["Sequential", "Functional", "Model", "Network"];

export function damaged(what: string, problem: string): never {
  throw new FormatError(`${what}: ${problem}; the file is damaged.`);
}

/** A file's list. */
export function listOf(what: string, name: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : damaged(what, `its ${name} are no list`);
}

/** The shape that a layer says its input has, with the batch in front. */
function shapeIn(config: FileRecord): unknown {
  return config["batch_shape"] ?? config["batch_input_shape"] ?? config["build_input_shape"];
}

/** Names of a model's layers in Keras 3's weights: classes, numbered from the second on. */
class StoredNames {
  readonly #counts = new Map<string, number>();

  next(className: string): string {
    // "Conv2D" → "conv2d", "ReLU" → "re_lu", "BatchNormalization" → "batch_normalization".
    const plain = className
      .replaceAll(/\W+/g, "")
      .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
      .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
      .toLowerCase();
    const count = this.#counts.get(plain) ?? 0;
    this.#counts.set(plain, count + 1);
    return count === 0 ? plain : `${plain}_${count}`;
  }
}

/** One entry of a model's list of layers. */
function blockOf(entry: FileRecord, stored: string, place: Place, reading: Reading): { name: string; block: Block } {
  const { what, dialect, findings, count } = reading;
  const { class_name: className, config } = entry;
  if (typeof className !== "string") damaged(what, "a layer has no class");
  if (++count.layers > MOST_LAYERS) throw new FormatError(`${what}: it has more than ${MOST_LAYERS} layers.`);
  if (MODELS.includes(className)) {
    const inner = modelIn(entry, stored, place, reading);
    return { name: inner.name, block: { type: "model", model: inner } };
  }
  if (!isRecord(config)) damaged(what, `layer ${quoted(className)} has no config`);
  const given = typeof entry["name"] === "string" ? entry["name"] : config["name"];
  const name = typeof given === "string" && given !== "" ? given : stored;
  if (className === "InputLayer") return { name, block: { type: "input", shape: shapeIn(config) } };
  const recipe = recipeOf(className, config, { name, dialect, frozen: place.frozen, findings });
  const layer = { name, className, within: place.within, stored: [...place.stored, stored] };
  return { name, block: { type: "layer", recipe, layer } };
}

function modelIn(entry: FileRecord, stored: string, place: Place, reading: Reading): FileModel {
  const { config } = entry;
  const given = entry["name"] ?? (isRecord(config) ? config["name"] : undefined);
  const name = typeof given === "string" && given !== "" ? given : stored;
  const frozen = place.frozen || (isRecord(config) && config["trainable"] === false);
  return fileModel(
    entry,
    name,
    {
      within: [...place.within, name],
      stored: [...place.stored, stored],
      frozen,
    },
    reading,
  );
}

/** A model with everything in it, `entry` its class and config. */
function fileModel(entry: FileRecord, name: string, place: Place, reading: Reading): FileModel {
  const { class_name: className, config } = entry;
  if (className === "Sequential") return chain(config, name, place, reading);
  if (!isRecord(config)) damaged(reading.what, `model ${quoted(name)} has no config`);
  return functional(config, name, place, reading);
}

function records(reading: Reading, list: unknown): FileRecord[] {
  return listOf(reading.what, "layers", list).map((entry) =>
    isRecord(entry) ? entry : damaged(reading.what, "one of its layers is no object"),
  );
}

function chain(config: unknown, name: string, place: Place, reading: Reading): FileModel {
  // Old versions have the list alone.
  const whole = isRecord(config) ? config : { layers: config };
  const names = new StoredNames();
  const entries = records(reading, whole["layers"]);
  const items: Item[] = [];
  let inputShape: unknown;
  for (const entry of entries) {
    const isInput = entry["class_name"] === "InputLayer";
    const stored = isInput ? "input_layer" : names.next(described(entry["class_name"]));
    const { name: own, block } = blockOf(entry, stored, place, reading);
    const inner = isRecord(entry["config"]) ? shapeIn(entry["config"]) : undefined;
    if (items.length === 0) inputShape ??= block.type === "input" ? block.shape : inner;
    if (block.type === "model" && items.length === 0) inputShape ??= inputShapeOf(block.model);
    if (block.type === "input") {
      if (items.length > 0) damaged(reading.what, `model ${quoted(name)} has an input behind its first layer`);
      continue;
    }
    items.push({ name: own, block, calls: [], firstCall: 0 });
  }
  inputShape ??= shapeIn(whole);
  return { name, isSequential: true, items, inputs: [], outputs: [], inputShape };
}

/** The shape that a model in a model names for its first input. */
function inputShapeOf({ isSequential, inputShape, items, inputs }: FileModel): unknown {
  if (isSequential) return inputShape;
  const first = items.find(({ name }) => name === inputs[0]?.layer)?.block;
  return first?.type === "input" ? first.shape : undefined;
}

function functional(config: FileRecord, name: string, place: Place, reading: Reading): FileModel {
  const names = new StoredNames();
  const seen = new Set<string>();
  const read = records(reading, config["layers"]).map((entry) => {
    const block = blockOf(entry, names.next(described(entry["class_name"])), place, reading);
    if (seen.has(block.name)) damaged(reading.what, `two layers are called ${quoted(block.name)}`);
    seen.add(block.name);
    const nodes = listOf(reading.what, "inbound_nodes", entry["inbound_nodes"] ?? []);
    const calls = nodes.map((node) => referencesIn(node, block.name, reading)).filter((call) => call.length > 0);
    const isNew = nodes.some(isRecord);
    return { ...block, calls, isNew };
  });
  const ends = (key: string) => endReferences(config[key], reading.what, key);
  const [inputs, outputs] = [ends("input_layers"), ends("output_layers")];
  const asked = new Map<string, number[]>();
  for (const { layer, call } of [...outputs, ...read.flatMap(({ calls }) => calls.flat())]) {
    asked.set(layer, [...(asked.get(layer) ?? []), call]);
  }
  const items = read.map(({ name: own, block, calls, isNew }) => {
    const isOffset = block.type === "model" && !isNew && !(asked.get(own) ?? []).includes(0);
    return { name: own, block, calls, firstCall: isOffset ? 1 : 0 };
  });
  return { name, isSequential: false, items, inputs, outputs, inputShape: undefined };
}

/** ["dense", 0, 0], or a list of such. */
function endReferences(value: unknown, what: string, key: string): Reference[] {
  const list = listOf(what, key, value);
  const single = typeof list[0] === "string";
  return (single ? [list] : list).map((one) => reference(one, what));
}

function reference(value: unknown, what: string): Reference {
  const [layer, call, tensor] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof layer === "string" && Number.isSafeInteger(call) && Number.isSafeInteger(tensor)) {
    return { layer, call: call as number, tensor: tensor as number };
  }
  return damaged(what, "a layer reads a tensor that is named by no layer and number");
}

/** What one call of a layer reads. What it is called with beside tensors must be nothing. */
function referencesIn(node: unknown, layer: string, reading: Reading): Reference[] {
  const { what, findings } = reading;
  if (isRecord(node)) {
    const found: Reference[] = [];
    tensorsIn(node["args"], layer, found, reading);
    for (const [key, value] of Object.entries(isRecord(node["kwargs"]) ? node["kwargs"] : {})) {
      checkCalledWith(key, value, layer, findings);
    }
    return found;
  }
  return listOf(what, "inbound_nodes", node).map((one) => {
    const [, , , kwargs] = Array.isArray(one) ? (one as unknown[]) : [];
    for (const [key, value] of Object.entries(isRecord(kwargs) ? kwargs : {})) {
      checkCalledWith(key, value, layer, findings);
    }
    return reference(one, what);
  });
}

function checkCalledWith(key: string, value: unknown, layer: string, findings: Findings): void {
  if (value === null || key === "name") return;
  // Whoever calls a part with training=False wants its statistics to stay; predictions are the same.
  if (key === "training") findings.lose(`layer ${quoted(layer)}: called with training ${described(value)}`);
  else findings.unsupported(`a call with ${toSnake(key).slice(0, 60)}`, layer);
}

/** Keras 3's arguments of a call: tensors, and lists of them. */
function tensorsIn(value: unknown, layer: string, found: Reference[], reading: Reading): void {
  if (Array.isArray(value)) for (const one of value) tensorsIn(one, layer, found, reading);
  else if (isRecord(value) && value["class_name"] === "__keras_tensor__" && isRecord(value["config"])) {
    found.push(reference(value["config"]["keras_history"], reading.what));
  } else if (value !== null && value !== undefined) {
    reading.findings.unsupported(`a call with ${described(value)}`, layer);
  }
}

/** The model that a file describes. */
export function readTopology(config: unknown, reading: Reading): FileModel {
  if (!isRecord(config) || !MODELS.includes(described(config["class_name"]))) {
    throw new FormatError(
      `${reading.what}: its model is no Sequential and no Functional, but ${quoted(described(isRecord(config) ? config["class_name"] : config))}.`,
    );
  }
  const frozen = isRecord(config["config"]) && config["config"]["trainable"] === false;
  return fileModel(config, "model", { within: [], stored: [], frozen }, reading);
}
