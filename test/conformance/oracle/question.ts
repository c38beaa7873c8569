import type { LossConfig } from "../../../src/nn/losses.ts";
import type { FunctionalConfig } from "../../../src/nn/model_config.ts";
import type { DrawnRate } from "./schedules.ts";

/** What one input is fed with. */
export interface Source {
  /** A row for each row of the data set. */
  readonly images: string;
  /** With `fit`: whole numbers, handed over as bytes, which count as /255. */
  readonly bytes?: boolean;
}

/** What one output learns by, and what it is to give. */
export interface Goal {
  readonly loss: LossConfig;
  /** The output's last activation, where the loss contains it, so that the outputs asked for lack it. */
  readonly folded: "softmax" | "sigmoid" | null;
  /** What its loss is multiplied by, where the model has several outputs. */
  readonly weight: number;
  /** Class indices, or else `targets`. */
  readonly labels?: readonly number[];
  readonly targets?: string;
  /** Of one row. */
  readonly targetShape?: readonly number[];
}

/** An optimizer with its options, the rate apart. */
export interface DrawnOptimizer {
  readonly name: OptimizerName;
  readonly options: OptimizerOptions;
  readonly rate: DrawnRate;
}

/** A network, its data and how it is trained: what PyTorch is asked about, as JSON. Floats are base64 of f32. */
export interface Question {
  /** Of the draw. */
  readonly seed: number;
  readonly model: FunctionalConfig;
  /** In the model's order. */
  readonly sources: readonly Source[];
  /** In the order of the model's outputs. */
  readonly goals: readonly Goal[];
  /** Weights and statistics to begin with. */
  readonly parameters: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: string }>>;
  readonly optimizer: DrawnOptimizer;
  /** Training steps, over the rows in order and again from the first on; the last batch may be shorter. */
  readonly steps: number;
  readonly batch: number;
  readonly rows: number;
  /** Through `fit` on a data set, or batch by batch through `trainOnBatch`. */
  readonly feed: "fit" | "batches";
  /** Train with the trainer's option `recompute`. */
  readonly recompute?: boolean;
  /** With `fit`: what the loss of a row is multiplied by. */
  readonly sampleWeights?: readonly number[];
  /** With `fit` and labels: what the loss of a row of each class is multiplied by. */
  readonly classWeight?: readonly number[];
}

export type OptimizerName = "sgd" | "adam" | "adamw" | "nadam" | "adamax" | "rmsprop" | "adagrad" | "adadelta";
export type OptimizerOptions = Readonly<Record<string, number | boolean>>;

/** Values, base64 of f64, and how far another implementation may be off, on each backend. */
export interface Judged {
  readonly data: string;
  readonly cpu: number;
  readonly webgpu: number;
}

/** Weights by name, their averages where the optimizer keeps these, and how far another implementation may be off. */
export type Finals = Readonly<Record<string, { readonly data: string; readonly tolerance: number }>>;

/** What PyTorch says (oracle.py, whose head explains the tolerances). */
export interface Answer {
  /** PyTorch's version. */
  readonly torch: string;
  /** Terms of the longest sum in the network. */
  readonly longestSum: number;
  /** Each output for the first batch by moving statistics. */
  readonly inference: readonly Judged[];
  /** Each output for the first batch by its own statistics, as its loss takes it. */
  readonly outputs: readonly Judged[];
  /** Of the first batch. */
  readonly loss: Judged;
  /** Of that loss, by each input, "input 0" and so on, and each parameter. */
  readonly gradients: Readonly<Record<string, Judged>>;
  /** Whether nothing lies so near a kink that f32 may be on its other side when these gradients are computed. */
  readonly gradientsIn32: boolean;
  /** Of each step, before its update. */
  readonly losses: {
    readonly values: readonly number[];
    readonly cpu: readonly number[];
    readonly webgpu: readonly number[];
  };
  /** Steps until f32 may be on the other side of a kink. */
  readonly steps32: number;
  /** After all steps. */
  readonly final64: Finals;
  /** After `steps32` steps; none where that is 0. */
  readonly final32: Finals | null;
}

/** A network with PyTorch's answer. */
export interface Answered {
  readonly question: Question;
  readonly answer: Answer;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function floats32(text: string): Float32Array {
  return new Float32Array(bytesOf(text).buffer);
}

export function floats64(text: string): Float64Array {
  return new Float64Array(bytesOf(text).buffer);
}

/** Base64 of the numbers as f32. */
export function base64(values: ArrayLike<number>): string {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
