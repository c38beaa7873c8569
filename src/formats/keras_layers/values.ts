/** Values of options, as Keras and TF.js spell them and as this library does, both ways. */
import { described, isRecord, own } from "./records.ts";

/** Thrown while an option is read, and caught where the layer's name is known: what in it has no counterpart. */
export class NoCounterpart extends Error {}

/** Which activation "hard_sigmoid" is: Keras 2 and TF.js have 0.2 · x + ½, Keras 3 has x / 6 + ½. */
export type Dialect = "keras2" | "keras3";

function refuse(what: string, value: unknown): never {
  throw new NoCounterpart(`${what} ${described(value)}`);
}

export function toSnake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamel(name: string): string {
  return name.replaceAll(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** How an option's value is read and written. `read` throws `NoCounterpart`; what Keras leaves out or sets to null never comes here. */
export interface OptionKind {
  read(value: unknown): unknown;
  write(value: unknown): unknown;
}

const same = (value: unknown): unknown => value;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value);

const number: OptionKind = {
  // Old versions of Keras write a number of NumPy as a list of one.
  read(value) {
    const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
    return typeof one === "number" ? one : refuse("number", value);
  },
  write: same,
};

const boolean: OptionKind = {
  read: (value) => (typeof value === "boolean" ? value : refuse("flag", value)),
  write: same,
};

/** [height, width]; one number where both are equal. */
const pair: OptionKind = {
  read(value) {
    const [height, width = height] = Array.isArray(value) && value.length <= 2 ? value : [value];
    if (!isCount(height) || !isCount(width)) refuse("size", value);
    return height === width ? height : [height, width];
  },
  write: (value) => (Array.isArray(value) ? [...value] : [value, value]),
};

/** What lies on each side: one number where all are equal. */
const sides: OptionKind = {
  read(value) {
    const both = Array.isArray(value) ? value : [value, value];
    const pairs = both.map((side: unknown) => (Array.isArray(side) ? side : [side, side]));
    if (pairs.length !== 2 || !pairs.every((one) => one.length === 2 && one.every(isCount))) refuse("sides", value);
    const [[top, bottom], [left, right]] = pairs as [[number, number], [number, number]];
    if (top !== bottom || left !== right) return pairs;
    return top === left ? top : [top, left];
  },
  write(value) {
    const both = Array.isArray(value) ? value : [value, value];
    return both.map((side: unknown) => (Array.isArray(side) ? [...side] : [side, side]));
  },
};

const padding: OptionKind = {
  read: (value) => (value === "same" || value === "valid" ? value : refuse("padding", value)),
  write: same,
};

const interpolation: OptionKind = {
  read: (value) => (value === "nearest" || value === "bilinear" ? value : refuse("interpolation", value)),
  write: same,
};

/** A whole number, or a list of one. */
const axis: OptionKind = {
  read(value) {
    const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
    return isCount(one) ? one : refuse("axis", value);
  },
  write: same,
};

/** A list of whole numbers; one alone where the list has one. */
const axes: OptionKind = {
  read(value) {
    const list = Array.isArray(value) ? value : [value];
    if (list.length === 0 || !list.every(isCount)) refuse("axis", value);
    return list.length === 1 ? list[0] : list;
  },
  write: same,
};

const list: OptionKind = {
  read(value) {
    const numbers = Array.isArray(value) ? value : [value];
    return numbers.every(isCount) ? numbers : refuse("list", value);
  },
  write: (value) => [...(value as number[])],
};

/** A shape in which one extent may be left to the others. */
const shape: OptionKind = {
  read(value) {
    if (!Array.isArray(value)) refuse("shape", value);
    const extents = value.map((extent: unknown) => extent ?? -1);
    return extents.every(isCount) ? extents : refuse("shape", value);
  },
  write: (value) => [...(value as number[])],
};

/** A shape in which null stands for the values' own extent. */
const mask: OptionKind = {
  read(value) {
    if (!Array.isArray(value)) refuse("noise_shape", value);
    return value.every((extent: unknown) => extent === null || isCount(extent)) ? value : refuse("noise_shape", value);
  },
  write: (value) => [...(value as (number | null)[])],
};

/** A number, or one a channel. */
const numbers: OptionKind = {
  read(value) {
    if (typeof value === "number") return value;
    const flat: unknown = Array.isArray(value) ? value.flat(4) : undefined;
    if (!Array.isArray(flat) || !flat.every((one) => typeof one === "number")) refuse("numbers", value);
    return flat.length === 1 ? flat[0] : flat;
  },
  write: same,
};

/** Names of activations here, by Keras' where these are not the same in other letters. */
const ACTIVATIONS: Readonly<Record<string, string>> = { swish: "silu", geluNew: "geluTanh" };
const PLAIN_ACTIVATIONS: readonly string[] = [
  ...["linear", "relu", "relu6", "leakyRelu", "elu", "selu", "gelu", "geluTanh", "silu", "mish", "sigmoid"],
  ...["hardSigmoid", "hardSilu", "hardSwish", "tanh", "softplus", "softsign", "exponential", "softmax", "logSoftmax"],
];

const activation: OptionKind = {
  read(value) {
    // Keras 3 may name a function by an object; its "config" is the name.
    const named = isRecord(value) ? (value["config"] ?? value["class_name"]) : value;
    if (typeof named !== "string") refuse("activation", value);
    const camel = toCamel(named.replace(/^keras\.activations\./, ""));
    const name = own(ACTIVATIONS, camel) ?? camel;
    return PLAIN_ACTIVATIONS.includes(name) ? name : refuse("activation", value);
  },
  write: (value) => toSnake(value as string),
};

/** What names a class of Keras: a text, or an object with its class and its numbers. */
function classOf(value: unknown): { name: string; config: Readonly<Record<string, unknown>> } | undefined {
  if (typeof value === "string") return { name: value, config: {} };
  if (!isRecord(value) || typeof value["class_name"] !== "string") return undefined;
  const { config } = value;
  return { name: value["class_name"], config: isRecord(config) ? config : {} };
}

/** "GlorotUniform", "LeCunNormal" and "l1_l2" as one: "glorotuniform", "lecunnormal", "l1l2". */
const letters = (name: string): string => name.toLowerCase().replaceAll("_", "");

/** Initializers here with the class of Keras and the numbers it takes. */
const INITIALIZERS: Readonly<Record<string, readonly [className: string, ...numbers: string[]]>> = {
  zeros: ["Zeros"],
  ones: ["Ones"],
  constant: ["Constant", "value"],
  randomNormal: ["RandomNormal", "mean", "stddev"],
  randomUniform: ["RandomUniform", "minval", "maxval"],
  truncatedNormal: ["TruncatedNormal", "mean", "stddev"],
  orthogonal: ["Orthogonal", "gain"],
  identity: ["Identity", "gain"],
  glorotUniform: ["GlorotUniform"],
  glorotNormal: ["GlorotNormal"],
  heUniform: ["HeUniform"],
  heNormal: ["HeNormal"],
  lecunUniform: ["LeCunUniform"],
  lecunNormal: ["LeCunNormal"],
};

/** Numbers that Keras takes where an initializer names none. */
const NUMBERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  constant: { value: 0 },
  randomNormal: { mean: 0, stddev: 0.05 },
  randomUniform: { minval: -0.05, maxval: 0.05 },
  truncatedNormal: { mean: 0, stddev: 0.05 },
  orthogonal: { gain: 1 },
  identity: { gain: 1 },
};

/** `VarianceScaling` of these numbers has a name of its own. */
const SCALED: readonly (readonly [name: string, scale: number, mode: string])[] = [
  ["glorot", 1, "fanavg"],
  ["he", 2, "fanin"],
  ["lecun", 1, "fanin"],
];

function scaledInitializer(config: Readonly<Record<string, unknown>>): string | undefined {
  const { scale = 1, mode = "fan_in", distribution = "truncated_normal" } = config;
  if (typeof mode !== "string" || typeof distribution !== "string") return undefined;
  const found = SCALED.find(([, factor, fan]) => factor === scale && fan === letters(mode));
  const drawn = own({ uniform: "Uniform", normal: "Normal", truncatednormal: "Normal" }, letters(distribution));
  return found && drawn && `${found[0]}${drawn}`;
}

const initializer: OptionKind = {
  read(value) {
    const found = classOf(value) ?? refuse("initializer", value);
    if (letters(found.name) === "variancescaling")
      return scaledInitializer(found.config) ?? refuse("initializer", value);
    const row = Object.entries(INITIALIZERS).find(([, [className]]) => letters(className) === letters(found.name));
    if (row === undefined) refuse("initializer", value);
    const [name, [, ...takes]] = row;
    const given = takes.filter((key) => {
      const own = found.config[key];
      return typeof own === "number" && own !== NUMBERS[name]?.[key];
    });
    return given.length === 0 ? name : { name, ...Object.fromEntries(given.map((key) => [key, found.config[key]])) };
  },
  write(value) {
    const { name, ...given } = typeof value === "string" ? { name: value } : (value as Record<string, unknown>);
    const [className = "Zeros", ...takes] = INITIALIZERS[name as string] ?? [];
    const config = { ...NUMBERS[name as string], ...given };
    const isDrawn = !["zeros", "ones", "constant", "identity"].includes(name as string);
    return {
      class_name: className,
      config: { ...Object.fromEntries(takes.map((key) => [key, config[key]])), ...(isDrawn && { seed: null }) },
    };
  },
};

const regularizer: OptionKind = {
  read(value) {
    const found = classOf(value) ?? refuse("regularizer", value);
    const name = letters(found.name);
    if (!["l1", "l2", "l1l2"].includes(name)) refuse("regularizer", value);
    const factor = (key: string) => {
      const given = found.config[key];
      if (typeof given === "number") return given;
      return name === key || (typeof value === "string" && name === "l1l2") ? 0.01 : 0;
    };
    return { l1: factor("l1"), l2: factor("l2") };
  },
  write(value) {
    const { l1, l2 } = value as { l1: number; l2: number };
    return { class_name: "L1L2", config: { l1, l2 } };
  },
};

const CONSTRAINTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  maxnorm: { minValue: 0, maxValue: 2, rate: 1, axis: 0 },
  unitnorm: { minValue: 1, maxValue: 1, rate: 1, axis: 0 },
  minmaxnorm: { minValue: 0, maxValue: 1, rate: 1, axis: 0 },
};

const constraint: OptionKind = {
  read(value) {
    const found = classOf(value) ?? refuse("constraint", value);
    const name = letters(found.name);
    if (!Object.hasOwn(CONSTRAINTS, name)) refuse("constraint", value);
    const whole = { ...CONSTRAINTS[name] };
    for (const [own, keras] of [
      ["minValue", "min_value"],
      ["maxValue", "max_value"],
      ["rate", "rate"],
      ["axis", "axis"],
    ] as const) {
      // Early versions name the largest norm "m".
      const given = found.config[keras] ?? (own === "maxValue" && name === "maxnorm" ? found.config["m"] : undefined);
      if (given !== undefined && given !== null) whole[own] = given;
    }
    return whole;
  },
  write(value) {
    const { minValue, maxValue, rate, axis: along } = value as Record<string, unknown>;
    if (minValue === 0 && rate === 1) return { class_name: "MaxNorm", config: { max_value: maxValue, axis: along } };
    if (minValue === 1 && maxValue === 1 && rate === 1) return { class_name: "UnitNorm", config: { axis: along } };
    return { class_name: "MinMaxNorm", config: { min_value: minValue, max_value: maxValue, rate, axis: along } };
  },
};

/** The kinds of options, by their names in the table of layers. */
export const KINDS = {
  ...{ number, boolean, pair, sides, padding, interpolation, axis, axes, list, shape, mask, numbers },
  ...{ activation, initializer, regularizer, constraint },
} satisfies Readonly<Record<string, OptionKind>>;

/** What only training needs: where a file's has no counterpart, it is left out. */
export const OF_TRAINING: readonly string[] = ["initializer", "regularizer", "constraint"];
