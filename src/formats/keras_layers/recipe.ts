/** One layer of a file as layers of this library. */
import { type Findings, quoted } from "./findings.ts";
import { described, type FileRecord, own } from "./records.ts";
import { KIND_OF, kernelBegins, type LayerRow, type OptionRow, TABLE } from "./table.ts";
import { type Dialect, KINDS, NoCounterpart, OF_TRAINING, toSnake } from "./values.ts";

/** A layer of this library, by its kind and its options. */
export interface Step {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a layer of a file becomes. */
export interface Recipe {
  /** One behind the other; the first has the weights. */
  readonly steps: readonly Step[];
  /** Where the file says that the channels lie: anywhere but on the last axis is refused once the shape is known. */
  readonly channelAxis: number;
  /** Options whose values stand among the file's weights, by their names there. */
  readonly fromWeights: readonly string[];
}

/** What Keras tells of every layer, or of how it computes, and what no prediction depends on. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...["name", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "input_dim", "input_length"],
  ...["input_dtype", "batch_size", "seed", "synchronized", "fused", "renorm_clipping", "renorm_momentum", "autocast"],
]);

/** Keras' names of an option. */
const spellings = (name: string, row: OptionRow): readonly string[] => row.spelled ?? [toSnake(name)];

/** What is left out where it is what this library does by itself. */
function isDefault(name: string, row: OptionRow, value: unknown, read: Readonly<Record<string, unknown>>): boolean {
  const { poolSize = 2 } = read;
  const otherwise =
    name === "strides" && row.otherwise === undefined
      ? poolSize
      : row.kind === "initializer" && row.otherwise === undefined
        ? kernelBegins(read)
        : row.otherwise;
  return otherwise !== undefined && JSON.stringify(otherwise) === JSON.stringify(value);
}

/** Who reads a layer, and for whom. */
interface Reading {
  readonly name: string;
  readonly className: string;
  readonly findings: Findings;
}

function readOption(key: string, row: OptionRow, value: unknown, { name, className, findings }: Reading): unknown {
  try {
    return KINDS[row.kind].read(value);
  } catch (error) {
    if (!(error instanceof NoCounterpart)) throw error;
    if (OF_TRAINING.includes(row.kind)) findings.lose(`layer ${quoted(name)}: ${key}, ${error.message}`);
    else findings.unsupported(`${className} with ${key}: ${error.message}`, name);
    return undefined;
  }
}

/** The options that a row of the table names. */
function readOptions(row: LayerRow, config: FileRecord, reading: Reading): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(row.options)) {
    const key = spellings(name, option).find((one) => config[one] !== undefined && config[one] !== null);
    if (key === undefined) continue;
    const value = readOption(key, option, config[key], reading);
    if (value !== undefined) read[name] = value;
  }
  return Object.fromEntries(
    Object.entries(read).filter(([name, value]) => {
      const option = row.options[name];
      return option === undefined || !isDefault(name, option, value, read);
    }),
  );
}

/** Everything else that the layer says must be nothing, or what this library does. */
function checkRest(row: LayerRow, config: FileRecord, { name, className, findings }: Reading): void {
  const known = new Set(Object.entries(row.options).flatMap(([option, of]) => spellings(option, of)));
  for (const [key, value] of Object.entries(config)) {
    const allowed = own(row.fixed, key);
    if (allowed ? allowed.includes(value) : known.has(key) || HARMLESS.has(key)) continue;
    // A separable convolution says how a kernel begins that it does not have.
    if ((key === "axis" && row.channels) || key.endsWith("_initializer")) continue;
    if (!allowed && (value === null || value === false)) continue;
    if (key === "activity_regularizer") findings.lose(`layer ${quoted(name)}: activity_regularizer`);
    else findings.unsupported(`${className} with ${key} ${described(value)}`, name);
  }
}

/** 0.2 · x + ½ within [0, 1]: Keras 2's "hard_sigmoid". */
const OLD_HARD_SIGMOID: readonly Step[] = [
  { kind: "rescaling", options: { scale: 0.2, offset: 0.5 } },
  { kind: "reLU", options: { maxValue: 1 } },
];

function stepsOf(kind: string, options: Record<string, unknown>, dialect: Dialect): readonly Step[] {
  if (options["activation"] !== "hardSigmoid" || dialect === "keras3") return [{ kind, options }];
  const { activation: _, ...rest } = options;
  return kind === "activation" ? OLD_HARD_SIGMOID : [{ kind, options: rest }, ...OLD_HARD_SIGMOID];
}

/** Where the channels lie: the last axis, unless the file says something else. */
function channelAxisOf(row: LayerRow, config: FileRecord, { name, className, findings }: Reading): number {
  const { axis = -1 } = config;
  if (!row.channels || axis === null || (Array.isArray(axis) && axis.length === 0)) return -1;
  const one = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  if (Number.isSafeInteger(one)) return one;
  findings.unsupported(`${className} with axis ${described(axis)}`, name);
  return -1;
}

/** What a layer becomes; undefined, and told to `findings`, where this library has no counterpart. */
export function recipeOf(
  className: string,
  config: FileRecord,
  { name, dialect, frozen, findings }: { name: string; dialect: Dialect; frozen: boolean; findings: Findings },
): Recipe | undefined {
  const reading = { name, className, findings };
  // x above θ, else 0: the layer that later versions of Keras have as ReLU(threshold=θ).
  if (className === "ThresholdedReLU") {
    const { theta = 1 } = config;
    return { steps: [{ kind: "reLU", options: { threshold: theta } }], channelAxis: -1, fromWeights: [] };
  }
  const kind = KIND_OF.get(className);
  const row = kind === undefined ? undefined : TABLE[kind];
  if (kind === undefined || row === undefined) {
    findings.unsupported(className.slice(0, 60), name);
    return undefined;
  }
  const options = readOptions(row, config, reading);
  checkRest(row, config, reading);
  if (row.hasWeights && (frozen || config["trainable"] === false)) options["trainable"] = false;
  const isAdapted = kind === "normalization" && (options["mean"] === undefined || options["variance"] === undefined);
  return {
    steps: stepsOf(kind, options, dialect),
    channelAxis: channelAxisOf(row, config, reading),
    fromWeights: isAdapted ? ["mean", "variance"] : [],
  };
}
