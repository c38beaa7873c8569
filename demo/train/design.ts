/**
 * A network as the builder edits it: a list of rows that may or may not fit together. `analyse` says what each row gives
 * and where the list stops making sense; `buildDesign` makes the model. No page, no device.
 */

import { CortezaError } from "../../src/core/errors.ts";
import { sizeOf } from "../../src/core/shape.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { activation as activationLayer } from "../../src/nn/layers/activation.ts";
import { batchNormalization } from "../../src/nn/layers/batch_normalization.ts";
import { conv2d } from "../../src/nn/layers/conv2d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { globalAveragePooling2d } from "../../src/nn/layers/global_pooling.ts";
import { add } from "../../src/nn/layers/merge.ts";
import { maxPooling2d } from "../../src/nn/layers/pooling.ts";
import type { Model } from "../../src/nn/model.ts";
import { model, sequential } from "../../src/nn/sequential.ts";
import { input, type SymbolicTensor } from "../../src/nn/symbolic_tensor.ts";

export const ROW_KINDS = [
  "conv",
  "maxPool",
  "residual",
  "batchNorm",
  "dropout",
  "globalAverage",
  "flatten",
  "dense",
] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** One row of the builder; `options` has a value for each of its kind's fields. */
export interface Row {
  readonly kind: RowKind;
  readonly options: Readonly<Record<string, number | string>>;
}

export interface NumberSpec {
  readonly name: string;
  readonly usual: number;
  readonly least: number;
  readonly most: number;
}

export type Field = NumberSpec | { readonly name: string; readonly usual: string; readonly choices: readonly string[] };

interface RowSpec {
  /** Its letter in the address. */
  readonly code: string;
  readonly fields: readonly Field[];
  /** Whether it takes maps [rows, columns, channels], one long row, or either. */
  readonly takes: "maps" | "row" | "any";
  /** The row's part of the network. `call` puts a layer onto tensors and notes it. */
  build(x: SymbolicTensor, options: RowOptions, call: Caller): SymbolicTensor;
}

interface RowOptions {
  number(name: string): number;
  text(name: string): string;
}

type Caller = (layer: Layer, ...inputs: SymbolicTensor[]) => SymbolicTensor;

const ACTIVATION: Field = { name: "activation", usual: "relu", choices: ["relu", "linear"] };
const PADDINGS = ["same", "valid"] as const;

export const ROWS: Readonly<Record<RowKind, RowSpec>> = {
  conv: {
    code: "c",
    fields: [
      { name: "filters", usual: 32, least: 1, most: 512 },
      { name: "kernel", usual: 3, least: 1, most: 11 },
      ACTIVATION,
      { name: "padding", usual: "same", choices: PADDINGS },
      { name: "strides", usual: 1, least: 1, most: 4 },
    ],
    takes: "maps",
    build: (x, o, call) =>
      call(
        conv2d({
          filters: o.number("filters"),
          kernelSize: o.number("kernel"),
          activation: o.text("activation"),
          padding: o.text("padding") === "valid" ? "valid" : "same",
          ...(o.number("strides") === 1 ? {} : { strides: o.number("strides") }),
        }),
        x,
      ),
  },
  maxPool: {
    code: "p",
    fields: [{ name: "size", usual: 2, least: 1, most: 8 }],
    takes: "maps",
    build: (x, o, call) => call(maxPooling2d({ poolSize: o.number("size") }), x),
  },
  // He et al. 2015, figure 2, with batch normalisation after each convolution (section 3.4).
  residual: {
    code: "r",
    fields: [{ name: "filters", usual: 32, least: 1, most: 512 }],
    takes: "maps",
    build(x, o, call) {
      const filters = o.number("filters");
      const convolution = (from: SymbolicTensor, kernelSize: number) =>
        call(batchNormalization(), call(conv2d({ filters, kernelSize, padding: "same", useBias: false }), from));
      const inner = call(activationLayer("relu"), convolution(x, 3));
      const branch = convolution(inner, 3);
      const shortcut = x.shape[2] === filters ? x : convolution(x, 1);
      return call(activationLayer("relu"), call(add(), branch, shortcut));
    },
  },
  batchNorm: { code: "b", fields: [], takes: "any", build: (x, _, call) => call(batchNormalization(), x) },
  dropout: {
    code: "o",
    fields: [{ name: "rate", usual: 25, least: 0, most: 90 }],
    takes: "any",
    build: (x, o, call) => call(dropout({ rate: o.number("rate") / 100 }), x),
  },
  globalAverage: {
    code: "g",
    fields: [],
    takes: "maps",
    build: (x, _, call) => call(globalAveragePooling2d(), x),
  },
  flatten: { code: "f", fields: [], takes: "any", build: (x, _, call) => call(flatten(), x) },
  dense: {
    code: "d",
    fields: [
      { name: "units", usual: 10, least: 1, most: 4096 },
      { name: "activation", usual: "linear", choices: ["linear", "relu"] },
    ],
    takes: "row",
    build: (x, o, call) => call(dense({ units: o.number("units"), activation: o.text("activation") }), x),
  },
};

export function newRow(kind: RowKind, options: Record<string, number | string> = {}): Row {
  return { kind, options: { ...Object.fromEntries(ROWS[kind].fields.map((f) => [f.name, f.usual])), ...options } };
}

export const PRESETS = ["reference", "tiny", "deeper", "vgg", "residual"] as const;
export type PresetName = (typeof PRESETS)[number];

const PRESET_CODES: Readonly<Record<PresetName, string>> = {
  reference: "c_p_c64_p_f_d",
  tiny: "c8_p_c16_p_f_d",
  deeper: "c_c_p_c64_c64_p_f_d128.relu_o_d",
  vgg: "c16_c16_p_c32_c32_p_c64_c64_p_f_d128.relu_d",
  residual: "c16_b_r16_p_r32_p_r32_g_d",
};

export function preset(name: PresetName): readonly Row[] {
  return decodeRows(PRESET_CODES[name]) ?? [];
}

// ---- the address

/** "c64.5" is a convolution of 64 filters of 5×5: values in the order of the fields, usual ones at the end left out. */
function encodeRow({ kind, options }: Row): string {
  const { code, fields } = ROWS[kind];
  const values = fields.map(({ name, usual }) => ({ value: options[name] ?? usual, usual }));
  while (values.length > 0 && values.at(-1)?.value === values.at(-1)?.usual) values.pop();
  return code + values.map(({ value }) => value).join(".");
}

export function encodeRows(rows: readonly Row[]): string {
  return rows.map(encodeRow).join("_");
}

export function decodeRows(text: string): readonly Row[] | undefined {
  if (text === "") return [];
  const rows = text.split("_").map(decodeRow);
  return rows.every((row) => row !== undefined) ? rows : undefined;
}

function decodeRow(text: string): Row | undefined {
  const kind = ROW_KINDS.find((one) => ROWS[one].code === text[0]);
  if (kind === undefined) return undefined;
  const { fields } = ROWS[kind];
  const words = text.length === 1 ? [] : text.slice(1).split(".");
  if (words.length > fields.length) return undefined;
  const options: Record<string, number | string> = {};
  for (const [index, word] of words.entries()) {
    const field = fields[index];
    if (field === undefined) return undefined;
    if ("choices" in field) {
      if (!field.choices.includes(word)) return undefined;
      options[field.name] = word;
    } else if (/^\d{1,5}$/.test(word)) options[field.name] = Number(word);
    else return undefined;
  }
  return newRow(kind, options);
}

/** What of `rows` differs from `base`: "2-1_c48" puts one row in the place of one, after the first two. */
export function encodeEdit(base: readonly Row[], rows: readonly Row[]): string | undefined {
  const [before, after] = [base.map(encodeRow), rows.map(encodeRow)];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++;
  const removed = before.length - start - end;
  const added = after.slice(start, after.length - end);
  if (removed === 0 && added.length === 0) return undefined;
  return [`${start}-${removed}`, ...added].join("_");
}

/** The way back; undefined for what is no such text. */
export function decodeEdit(base: readonly Row[], text: string): readonly Row[] | undefined {
  const [place = "", ...added] = text.split("_");
  const [, start, removed] = /^(\d{1,3})-(\d{1,3})$/.exec(place) ?? [];
  const rows = decodeRows(added.join("_"));
  if (start === undefined || rows === undefined || Number(start) + Number(removed) > base.length) return undefined;
  return [...base.slice(0, Number(start)), ...rows, ...base.slice(Number(start) + Number(removed))];
}

// ---- what it comes to

/** Why a row does not fit. `message` is the library's own; `field` has a value that it may not have. */
export interface Problem {
  readonly why: "wantsMaps" | "wantsRow" | "window" | "value" | "classes" | "tooLarge" | "empty" | "nothingToLearn";
  readonly shape: readonly number[];
  readonly message?: string;
  readonly field?: NumberSpec;
}

export interface RowCounts {
  readonly shape: readonly number[];
  readonly neurons: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

export interface Analysis {
  /** One for each row up to the first that does not fit. */
  readonly counts: readonly RowCounts[];
  /** The first thing that is wrong, and the row where it is. */
  readonly problem: (Problem & { readonly row: number }) | undefined;
}

/** More than this would take the page's memory: with gradients and Adam's moments 16 bytes a parameter. */
const MOST_PARAMETERS = 20e6;

const toOptions = ({ kind, options }: Row): RowOptions => {
  const usual = (name: string) => ROWS[kind].fields.find((field) => field.name === name)?.usual;
  return {
    number: (name) => Number(options[name] ?? usual(name)),
    text: (name) => String(options[name] ?? usual(name)),
  };
};

/** Counts without making any weights, so that it costs nothing while somebody types. */
export function analyse(rows: readonly Row[], inputShape: readonly number[], classes: number): Analysis {
  const counts: RowCounts[] = [];
  let x = input(inputShape);
  const wrong = (row: number, why: Problem["why"], more: Pick<Problem, "message" | "field"> = {}): Analysis => ({
    counts,
    problem: { row, why, shape: x.shape, ...more },
  });
  if (rows.length === 0) return wrong(0, "empty");
  let parameters = 0;
  for (const [index, row] of rows.entries()) {
    // The library's dense would work at each place; here every output is to see the whole picture.
    if (ROWS[row.kind].takes === "row" && x.shape.length !== 1) return wrong(index, "wantsRow");
    const field = fieldOutOfRange(row);
    if (field) return wrong(index, "value", { field });
    const total = { neurons: 0, parameters: 0, multiplyAdds: 0 };
    try {
      const y = ROWS[row.kind].build(x, toOptions(row), (layer, ...inputs) => {
        const made = layer(inputs);
        const shapes = inputs.map(({ shape }) => shape);
        total.neurons += sizeOf(made.shape);
        total.multiplyAdds += layer.multiplyAdds(shapes, layer.keyword);
        for (const { shape } of layer.parameters(shapes)) total.parameters += sizeOf(shape);
        return made;
      });
      parameters += total.parameters;
      if (parameters > MOST_PARAMETERS) return wrong(index, "tooLarge");
      counts.push({ shape: y.shape, ...total });
      x = y;
    } catch (error) {
      if (!(error instanceof CortezaError)) throw error;
      return wrong(index, reason(row, x.shape, error), { message: error.message });
    }
  }
  if (x.shape.length !== 1 || x.shape[0] !== classes) return wrong(rows.length - 1, "classes");
  if (parameters === 0) return wrong(rows.length - 1, "nothingToLearn");
  return { counts, problem: undefined };
}

/** The first field whose value it may not have: the address can say anything. */
function fieldOutOfRange({ kind, options }: Row): NumberSpec | undefined {
  return ROWS[kind].fields.find((field): field is NumberSpec => {
    if ("choices" in field) return false;
    const value = Number(options[field.name] ?? field.usual);
    return !Number.isInteger(value) || value < field.least || value > field.most;
  });
}

function reason({ kind }: Row, shape: readonly number[], error: CortezaError): Problem["why"] {
  const { takes } = ROWS[kind];
  if (takes === "maps" && shape.length !== 3) return "wantsMaps";
  return error.code === "shape" ? "window" : "value";
}

/** The model. A plain chain where no row branches. Throws what the layers throw where the rows do not fit. */
export function buildDesign(rows: readonly Row[], inputShape: readonly number[], seed: number): Model {
  const layers: Layer[] = [];
  const start = input(inputShape);
  let x = start;
  for (const row of rows) {
    x = ROWS[row.kind].build(x, toOptions(row), (layer, ...inputs) => {
      layers.push(layer);
      return layer(inputs);
    });
  }
  return rows.some(({ kind }) => kind === "residual")
    ? model({ inputs: start, outputs: x, seed })
    : sequential({ inputShape, seed }, layers);
}
