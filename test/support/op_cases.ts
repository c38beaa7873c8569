import { checkImageAugmentation } from "../../src/core/augmentation.ts";
import { convGeometry, poolGeometry } from "../../src/core/window_geometry.ts";
import type { Attributes } from "../../src/graph/node.ts";
import { pointwiseFunctions } from "../../src/graph/pointwise_functions.ts";

/** Operands' shapes and attributes with which an op can be built by itself. */
export interface OpCase {
  readonly shapes: readonly (readonly number[])[];
  readonly attributes: Attributes;
}

const conv = {
  geometry: convGeometry("test", [1, 4, 5, 2], [2, 2, 2, 4], {
    ...{ strides: [1, 1], dilations: [1, 1] },
    ...{ padding: "valid", groups: 1 },
  }),
};
const [image, filter, convolved] = [
  [1, 4, 5, 2],
  [2, 2, 2, 4],
  [1, 3, 4, 4],
] as const;

const pool = {
  geometry: poolGeometry("test", [1, 4, 6, 2], {
    ...{ size: [2, 2], strides: [2, 2], dilations: [1, 1] },
    ...{ padding: "valid", ceilMode: false },
  }),
};
const [pooled, unpooled] = [
  [1, 2, 3, 2],
  [1, 4, 6, 2],
] as const;

const one = (shape: readonly number[], attributes: Attributes = {}): OpCase => ({ shapes: [shape], attributes });
/** Room for every pair of eight values. */
const row = [64];
const matrix = [3, 4];
const like = (count: number, shape: readonly number[] = row, attributes: Attributes = {}): OpCase => ({
  shapes: Array.from({ length: count }, () => shape),
  attributes,
});
const named = (names: readonly string[], made: OpCase) => Object.fromEntries(names.map((name) => [name, made]));

/** Parameters of the functions of one number that have some. */
const PARAMETERS: Readonly<Record<string, { a: number; b: number }>> = {
  clip: { a: -1, b: 2 },
  elu: { a: 0.5, b: 0 },
  hardSigmoid: { a: 0.25, b: 0.5 },
  leakyRelu: { a: 0.25, b: 0 },
  power: { a: 3, b: 0 },
};

/** Every op that makes a value, by name, which more words may follow. */
export const OP_CASES: Readonly<Record<string, OpCase>> = {
  ...Object.fromEntries(
    pointwiseFunctions.flatMap((name) => {
      const attributes = PARAMETERS[name] ?? { a: 0, b: 0 };
      return [
        [name, one(row, attributes)],
        [`${name}Gradient`, like(2, row, attributes)],
      ];
    }),
  ),
  ...named(["exp", "log", "neg", "sqrt", "relu"], one(row)),
  ...named(["add", "sub", "mul", "div", "minimum", "maximum", "equal", "less", "lessOrEqual"], like(2)),
  ...named(["prelu", "preluDerivative", "pow", "powBaseDerivative", "powExponentDerivative", "reluGradient"], like(2)),
  ...named(["sum", "max", "min", "product"], one(matrix, { axes: [1], keepDims: false })),
  ...named(["softmax", "logSoftmax", "argmax"], one(matrix)),
  augmentImages: {
    shapes: [[1, 3, 3, 1], []],
    attributes: { ...checkImageAugmentation("test", {}), seed: 1, clip: false },
  },
  avgPool2d: one(unpooled, { ...pool, countIncludePad: false }),
  avgPool2dGradient: one(pooled, { ...pool, countIncludePad: false }),
  batchMean: { shapes: [matrix, [3]], attributes: {} },
  batchNorm: {
    shapes: [matrix, [4], [4], [4], [4]],
    attributes: { epsilon: 1e-3, ofBatch: false },
  },
  batchRows: one([], { count: 10, batch: 4, shuffle: true, seed: 3 }),
  broadcastTo: one([3, 1], { shape: matrix }),
  ...Object.fromEntries(["bool", "f32", "i32", "u32"].map((to) => [`cast to ${to}`, one(row, { to })])),
  "power to −1.5": one(row, { a: -1.5, b: 0 }),
  "powerGradient to −1.5": like(2, row, { a: -1.5, b: 0 }),
  concat: like(2, matrix, { axis: 1 }),
  confusionMatrix: like(2, [6], { classes: 3 }),
  conv2d: { shapes: [image, filter], attributes: conv },
  conv2dFilterGradient: { shapes: [image, convolved], attributes: conv },
  conv2dInputGradient: { shapes: [convolved, filter], attributes: conv },
  countCorrect: { shapes: [matrix, [3]], attributes: {} },
  cumsum: one(matrix, { axis: 1, exclusive: false, reverse: true }),
  dropout: { shapes: [row, []], attributes: { rate: 0.5, seed: 1, stream: 2, maskShape: row } },
  gatherPart: { shapes: [matrix, [5]], attributes: { scale: 0.5, first: 1 } },
  gatherRows: { shapes: [matrix, [5]], attributes: { scale: 0.5 } },
  gatherRowsGradient: { shapes: [[5], [5, 4]], attributes: { scale: 0.5, shape: matrix } },
  gaussianNoise: { shapes: [row, []], attributes: { stddev: 0.5, seed: 1, stream: 2 } },
  matmul: { shapes: [matrix, [4, 2]], attributes: { transposeA: false, transposeB: false } },
  maxGradient: { shapes: [matrix, [3, 1]], attributes: { axes: [1] } },
  maxPool2d: one(unpooled, pool),
  maxPool2dGradient: { shapes: [unpooled, pooled], attributes: pool },
  mixImages: {
    shapes: [
      [2, 3, 3, 1],
      [2, 6],
    ],
    attributes: {},
  },
  mixingPlan: one([], { mixup: 0.2, cutMix: 1, count: 10, batch: 4, height: 5, width: 6, seed: 3 }),
  movingAverage: like(2, row, { momentum: 0.75 }),
  nonFinite: like(2),
  oneHot: one([5], { depth: 3 }),
  place: one(matrix, { begin: [1, 0], shape: [5, 9], strides: [1, 2], value: 7 }),
  resampleAxis: one(matrix, { axis: 0, taps: [[{ index: 1, weight: 0.5 }], [], [{ index: 2, weight: 2 }]] }),
  reshape: one(matrix, { shape: [12] }),
  slice: one(matrix, { begin: [1, 0], shape: [2, 2], strides: [1, 2] }),
  softmaxCrossEntropy: { shapes: [matrix, [3]], attributes: { reduction: "none" } },
  softmaxCrossEntropyGradient: { shapes: [matrix, [3], [3]], attributes: { reduction: "none" } },
  standardize: { shapes: [matrix, [3, 1]], attributes: {} },
  stopGradient: one(row),
  transpose: one(matrix, { permutation: [1, 0] }),
  where: like(3),
};

/** Ops that change variables, which other tests run, and parts of a batch normalisation that kernels compute together. */
export const OTHER_OPS = [
  ...["finishStep", "normConstraint", "optimizerUpdate", "recordStep"],
  ...["batchNormGammaGradient", "batchNormInputGradient", "batchVariance"],
];

/** The op that a case is of. */
export function opOf(name: string): string {
  return name.split(" ")[0] as string;
}
