/** A layer of this library as Keras spells it: what the table of layers says, both ways the same. */
import type { Model } from "../../nn/model.ts";
import { kernelBegins, type LayerRow, TABLE } from "./table.ts";
import { KINDS, toSnake } from "./values.ts";

/** Options of a layer as it was made. */
export type Options = Readonly<Record<string, unknown>>;

/** What an option is where it was left out. */
function settingOf(name: string, row: LayerRow["options"][string], options: Options): unknown {
  const given = options[name] ?? row.otherwise;
  if (given !== undefined) return given;
  if (row.kind === "initializer") return kernelBegins(options);
  // A pool moves by its own size.
  return name === "strides" ? (options["poolSize"] ?? 2) : undefined;
}

/** The class and the config of Keras' layer of this kind; undefined where Keras has none. The config has no name yet. */
export function kerasConfig(
  kind: string,
  options: Options,
): { className: string; config: Record<string, unknown> } | undefined {
  const row = Object.hasOwn(TABLE, kind) ? TABLE[kind] : undefined;
  if (row === undefined) return undefined;
  const config: Record<string, unknown> = { trainable: options["trainable"] !== false, dtype: "float32" };
  for (const [name, option] of Object.entries(row.options)) {
    const value = settingOf(name, option, options);
    const written = value === undefined ? null : KINDS[option.kind].write(value);
    for (const key of option.spelled ?? [toSnake(name)]) config[key] = written;
  }
  if (row.channels) config["axis"] = -1;
  if (row.fixed?.["data_format"]) config["data_format"] = "channels_last";
  return { className: row.className, config };
}

/** Why a layer cannot be written: the layer, or the option. */
export class NotWritable extends Error {}

/** A call of a layer: which layer, and the numbers of the tensors that it reads. */
export interface Call {
  readonly layer: number;
  readonly inputs: readonly number[];
}

/** A model's wiring in one form for both kinds. */
export function wiringOf(model: Model): {
  inputs: { name: string; shape: readonly number[] }[];
  calls: Call[];
  outputs: number[];
} {
  const config = model.toJSON();
  if (config.kind === "sequential") {
    const calls = config.layers.map((_, layer) => ({ layer, inputs: [layer] }));
    return { inputs: [{ name: "input", shape: config.inputShape }], calls, outputs: [calls.length] };
  }
  const places = new Map(config.layers.map(({ name }, place) => [name, place]));
  return {
    inputs: config.inputs.map(({ name, shape }) => ({ name, shape })),
    calls: config.calls.map(({ layer, inputs }) => ({ layer: places.get(layer) ?? 0, inputs })),
    outputs: [...config.outputs],
  };
}
