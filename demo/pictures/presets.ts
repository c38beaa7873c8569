/** Networks to choose from, each made to fit the pictures: as many poolings as their size wants, an output a class. */
import type { Layer } from "../../src/nn/layer.ts";
import { activation } from "../../src/nn/layers/activation.ts";
import { batchNormalization } from "../../src/nn/layers/batch_normalization.ts";
import { conv2d } from "../../src/nn/layers/conv2d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { globalAveragePooling2d } from "../../src/nn/layers/global_pooling.ts";
import { add } from "../../src/nn/layers/merge.ts";
import { maxPooling2d } from "../../src/nn/layers/pooling.ts";
import type { Model } from "../../src/nn/model.ts";
import { adam, adamw, type Optimizer } from "../../src/nn/optimizers.ts";
import { model, sequential } from "../../src/nn/sequential.ts";
import { input, type SymbolicTensor } from "../../src/nn/symbolic_tensor.ts";

export const PRESETS = ["small", "normalized", "residual"] as const;
export type PresetName = (typeof PRESETS)[number];

/** What a network is made for. */
export interface Fit {
  /** Side of the pictures, in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  readonly classes: number;
}

/** Fixes the first weights, the order of the pictures and what is held out of them. */
export const SEED = 1;

/** The side that the last maps have, about. */
const LAST_SIDE = 7;
const WIDTHS = {
  small: [16, 32, 64, 64, 64],
  normalized: [32, 64, 128, 128, 128],
  residual: [16, 32, 64, 64, 64],
} as const satisfies Record<PresetName, readonly number[]>;

/** Poolings that bring a side down to about 7 pixels: 2 for 28, 3 for 64, 5 for 224. */
export function poolings(size: number): number {
  return Math.min(5, Math.max(2, Math.round(Math.log2(size / LAST_SIDE))));
}

const widthsOf = (name: PresetName, size: number) => WIDTHS[name].slice(0, poolings(size));

/** The untrained network. */
export function buildPreset(name: PresetName, fit: Fit): Model {
  const shape = [fit.size, fit.size, fit.channels] as const;
  if (name === "residual") return residual(fit, shape);
  const widths = widthsOf(name, fit.size);
  const layers: Layer[] = [];
  for (const filters of widths) {
    if (name === "small") layers.push(conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" }));
    else layers.push(...normalizedConvolution(filters), activation("relu"));
    layers.push(maxPooling2d({ poolSize: 2 }));
  }
  if (name === "small") layers.push(flatten());
  else layers.push(globalAveragePooling2d(), dropout({ rate: 0.3 }));
  return sequential({ inputShape: shape, seed: SEED }, [...layers, dense({ units: fit.classes })]);
}

const normalizedConvolution = (filters: number) => [
  conv2d({ filters, kernelSize: 3, padding: "same", useBias: false }),
  // After a hundred steps the moving statistics are those of the data.
  batchNormalization({ momentum: 0.9 }),
];

/** He et al. 2016, small: a convolution, then two of them with a way past, and a pooling, as often as the size wants. */
function residual({ size, classes }: Fit, shape: readonly [number, number, number]): Model {
  const first = input(shape);
  const through = (x: SymbolicTensor, layers: readonly Layer[]) => layers.reduce((y, layer) => layer(y), x);
  let x: SymbolicTensor = first;
  for (const filters of widthsOf("residual", size)) {
    const start = through(x, [...normalizedConvolution(filters), activation("relu"), maxPooling2d({ poolSize: 2 })]);
    const changed = through(start, [
      ...normalizedConvolution(filters),
      activation("relu"),
      ...normalizedConvolution(filters),
    ]);
    x = activation("relu")(add()(start, changed));
  }
  const outputs = through(x, [globalAveragePooling2d(), dropout({ rate: 0.2 }), dense({ units: classes })]);
  return model({ inputs: first, outputs, seed: SEED });
}

/** How the weights of a preset move. */
export function optimizerOf(name: PresetName): Optimizer {
  return name === "small"
    ? adam({ learningRate: RATES.small })
    : adamw({ learningRate: RATES[name], weightDecay: 0.01 });
}

const RATES: Readonly<Record<PresetName, number>> = { small: 1e-3, normalized: 3e-3, residual: 2e-3 };

/** The learning rate of an epoch, from 0: it falls from the preset's own along a half cosine, and never to nothing. */
export function rateOf(name: PresetName, epoch: number, epochs: number): number {
  const share = Math.min(1, epoch / Math.max(1, epochs));
  return RATES[name] * Math.max(0.03, (1 + Math.cos(Math.PI * share)) / 2);
}

/** Pictures of a step: of few pictures small batches make more steps. */
export function batchSizeOf(count: number): number {
  if (count < 100) return 8;
  return count < 400 ? 16 : 32;
}
