/** A layer of this library as Keras spells it: what the table of layers says, both ways the same. */
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
