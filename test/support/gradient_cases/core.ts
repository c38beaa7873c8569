import { poolGeometry } from "../../../src/core/window_geometry.ts";
import type { Node } from "../../../src/graph/node.ts";
import {
  awayFromZero,
  broadcastPair,
  type GradientCase,
  type GradientFamilies,
  positive,
  shapeOf,
  tensor,
} from "../gradients.ts";
import { convOptions, describeConv, hasEmptyWindow, type RandomData } from "../random.ts";

/** Batch 1 with several pixels, one channel, odd sizes, and vectors without an image. */
function batchNormShape(random: RandomData): { shape: number[]; channels: number } {
  const channels = random.pick([1, 2, 3, 4, 5]);
  const shape = random.pick([
    [1, random.integer(2, 5), random.integer(1, 5), channels],
    [random.integer(2, 4), random.integer(1, 5), random.integer(1, 3), channels],
    [random.integer(2, 7), channels],
  ]);
  return { shape, channels };
}

/** Convolution, pooling, matrix products, arithmetic, reductions, softmax and batch normalisation. */
export const CORE_GRADIENTS: GradientFamilies = {
  conv2d(random) {
    const g = random.conv({ most: 7 });
    return {
      name: describeConv(g),
      inputs: [
        tensor(random, [g.batch, g.inHeight, g.inWidth, g.inChannels]),
        tensor(random, [g.kernelHeight, g.kernelWidth, g.groupInChannels, g.outChannels]),
      ],
      build: (graph, [x, w]) => graph.conv2d(x as Node, w as Node, convOptions(g)),
    };
  },
  "conv2d, gradients of its gradients"(random) {
    const g = random.conv({ most: 5 });
    return {
      name: describeConv(g),
      inputs: [
        tensor(random, [g.batch, g.inHeight, g.inWidth, g.inChannels]),
        tensor(random, [g.kernelHeight, g.kernelWidth, g.groupInChannels, g.outChannels]),
        tensor(random, [g.batch, g.outHeight, g.outWidth, g.outChannels]),
      ],
      build(graph, [x, w, dy]) {
        const dx = graph.conv2dInputGradient(dy as Node, w as Node, g);
        const dw = graph.conv2dFilterGradient(x as Node, dy as Node, g);
        return graph.add(graph.sum(graph.mul(dx, dx)), graph.sum(graph.mul(dw, dw)));
      },
    };
  },
  maxPool2d(random) {
    let { input, options } = random.pool({ most: 8 });
    // −∞ has no difference quotient.
    while (hasEmptyWindow(poolGeometry("", input, options))) ({ input, options } = random.pool({ most: 8 }));
    return {
      name: JSON.stringify({ input, ...options }),
      inputs: [tensor(random, input, (n) => random.distinct(n))],
      build: (graph, [x]) => graph.maxPool2d(x as Node, options),
    };
  },
  relu: (random) => ({
    name: "",
    inputs: [tensor(random, shapeOf(random, 3), awayFromZero(random))],
    build: (graph, [x]) => graph.relu(x as Node),
  }),
  matmul(random) {
    const [m, n, k] = [random.integer(1, 6), random.integer(1, 6), random.integer(1, 6)];
    const options = { transposeA: random.uniform() < 0.5, transposeB: random.uniform() < 0.5 };
    return {
      name: `${m}×${n}×${k} ${JSON.stringify(options)}`,
      inputs: [
        tensor(random, options.transposeA ? [k, m] : [m, k]),
        tensor(random, options.transposeB ? [n, k] : [k, n]),
      ],
      build: (graph, [a, b]) => graph.matmul(a as Node, b as Node, options),
    };
  },
  ...Object.fromEntries(
    (["add", "sub", "mul", "div"] as const).map((op) => [
      `${op} with broadcasting`,
      (random: RandomData): GradientCase => {
        const [a, b] = broadcastPair(random);
        return {
          name: `${a} and ${b}`,
          inputs: [tensor(random, a), tensor(random, b, op === "div" ? positive(random) : undefined)],
          build: (graph, [x, y]) => graph[op](x as Node, y as Node),
        };
      },
    ]),
  ),
  ...Object.fromEntries(
    (["sum", "mean", "max"] as const).map((op) => [
      `${op} over axes`,
      (random: RandomData): GradientCase => {
        const shape = shapeOf(random, random.integer(1, 4));
        const axes = shape.map((_, axis) => axis).filter(() => random.uniform() < 0.5);
        const keepDims = random.uniform() < 0.5;
        return {
          name: `${shape} over ${axes}`,
          inputs: [tensor(random, shape, (n) => random.distinct(n))],
          build: (graph, [x]) => graph[op](x as Node, axes.length > 0 ? axes : undefined, keepDims),
        };
      },
    ]),
  ),
  ...Object.fromEntries(
    (["exp", "log", "sqrt", "neg"] as const).map((op) => [
      op,
      (random: RandomData): GradientCase => ({
        name: "",
        inputs: [tensor(random, shapeOf(random, 2), op === "exp" || op === "neg" ? undefined : positive(random))],
        build: (graph, [x]) => graph[op](x as Node),
      }),
    ]),
  ),
  ...Object.fromEntries(
    (["softmax", "logSoftmax"] as const).map((op) => [
      op,
      (random: RandomData): GradientCase => ({
        name: "",
        inputs: [tensor(random, shapeOf(random, random.integer(1, 3), 6))],
        build: (graph, [x]) => graph[op](x as Node),
      }),
    ]),
  ),
  "reshape and transpose"(random) {
    const shape = shapeOf(random, 3);
    const order = random.pick([
      [2, 0, 1],
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
    ]);
    return {
      name: `${shape} by ${order}`,
      inputs: [tensor(random, shape)],
      build: (graph, [x]) => {
        const turned = graph.transpose(x as Node, order);
        return graph.mul(graph.reshape(turned, [turned.shape.reduce((a, b) => a * b, 1)]), 1.5);
      },
    };
  },
  ...Object.fromEntries(
    [false, true].map((masked) => [
      `batchNorm by the batch's statistics${masked ? ", some images left out" : ""}`,
      (random: RandomData): GradientCase => {
        const { shape, channels } = batchNormShape(random);
        const labels = shape.slice(0, 1).flatMap((batch) => Array.from({ length: batch }, () => random.integer(-1, 1)));
        const epsilon = random.pick([1e-3, 0.1, 1]);
        return {
          name: `${shape}, epsilon ${epsilon}${masked ? `, labels ${labels}` : ""}`,
          inputs: [tensor(random, shape), tensor(random, [channels]), tensor(random, [channels])],
          build(graph, [x, gamma, beta]) {
            const options = masked ? { epsilon, labels: graph.constant(labels, [labels.length], "i32") } : { epsilon };
            return graph.batchNorm(x as Node, gamma as Node, beta as Node, options);
          },
        };
      },
    ]),
  ),
  "batchNorm by given statistics, towards them too"(random) {
    const { shape, channels } = batchNormShape(random);
    return {
      name: `${shape}`,
      inputs: [
        tensor(random, shape),
        ...Array.from({ length: 3 }, () => tensor(random, [channels])),
        tensor(random, [channels], positive(random)),
      ],
      build: (graph, [x, gamma, beta, mean, variance]) =>
        graph.batchNorm(x as Node, gamma as Node, beta as Node, { mean: mean as Node, variance: variance as Node }),
    };
  },
  movingAverage(random) {
    const shape = shapeOf(random, 2);
    return {
      name: `${shape}`,
      inputs: [tensor(random, shape), tensor(random, shape)],
      build: (graph, [old, value]) => graph.movingAverage(old as Node, value as Node, 0.9),
    };
  },
  broadcastTo(random) {
    const shape = [random.integer(2, 4), ...shapeOf(random, 2)];
    return {
      name: `${shape}`,
      inputs: [tensor(random, [1, shape[1] as number, 1])],
      build: (graph, [x]) => graph.broadcastTo(x as Node, shape),
    };
  },
  ...Object.fromEntries(
    (["mean", "sum", "none"] as const).flatMap((reduction) => [
      [
        `softmaxCrossEntropy (${reduction}) with class indices`,
        (random: RandomData): GradientCase => {
          const [rows, classes] = [random.integer(1, 5), random.integer(2, 6)];
          const labels = Array.from({ length: rows }, () => random.integer(-1, classes - 1));
          return {
            name: `${rows}×${classes}, labels ${labels}`,
            inputs: [tensor(random, [rows, classes])],
            build: (graph, [x]) =>
              graph.softmaxCrossEntropy(x as Node, graph.constant(labels, [rows], "i32"), { reduction }),
          };
        },
      ],
      [
        // Rows that sum to anything, zero among them: label weights, padding rows.
        `softmaxCrossEntropy (${reduction}) with probabilities, towards them too`,
        (random: RandomData): GradientCase => {
          const [rows, classes] = [random.integer(1, 5), random.integer(2, 6)];
          const labels = tensor(random, [rows, classes]);
          if (random.integer(0, 2) === 0) labels.values.fill(0, 0, classes);
          return {
            name: `${rows}×${classes}`,
            inputs: [tensor(random, [rows, classes]), labels],
            build: (graph, [x, y]) => graph.softmaxCrossEntropy(x as Node, y as Node, { reduction }),
          };
        },
      ],
    ]),
  ),
};
