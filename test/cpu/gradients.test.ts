import { describe, expect, it } from "vitest";
import { poolGeometry } from "../../src/core/window_geometry.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Node } from "../../src/graph/node.ts";
import { convOptions, describeConv, hasEmptyWindow, RandomData } from "../support/random.ts";

const SEED = 20261123;
const SHAPES = 20;

/** Central differences with a step that balances rounding (1e-16 / h) against curvature (h²). */
const STEP = 1e-5;
const TOLERANCE = 1e-6;

interface Case {
  name: string;
  inputs: { shape: readonly number[]; values: Float64Array }[];
  build(graph: Graph, inputs: Node[]): Node;
}

/** Compares the gradient of Σ y · weights with central differences, at up to 24 elements of each input. */
async function checkGradients({ inputs, build }: Case, random: RandomData): Promise<void> {
  const graph = new Graph();
  const nodes = inputs.map(({ shape }, index) => graph.input(`x${index}`, shape));
  const y = build(graph, nodes);
  const weights = random.normals(y.shape.reduce((a, b) => a * b, 1));
  const loss = graph.sum(graph.mul(y, graph.constant(weights, y.shape)));
  const gradients = graph.gradients(loss, nodes);
  const outputs = Object.fromEntries(gradients.map((gradient, index) => [`d${index}`, gradient]));
  const backend = cpu();
  const program = await backend.compile(graph, { outputs: { ...outputs, loss } });
  const lossOnly = await backend.compile(graph, { outputs: { loss } });
  const feeds = () => Object.fromEntries(inputs.map(({ values }, index) => [`x${index}`, values.slice()]));
  const analytic = await program.run(feeds());
  for (const [index, { values }] of inputs.entries()) {
    const elements =
      values.length <= 24 ? values.keys() : Array.from({ length: 24 }, () => random.integer(0, values.length - 1));
    for (const element of elements) {
      const lossAt = async (delta: number) => {
        const fed = feeds();
        const name = `x${index}`;
        const moved = fed[name] as Float64Array;
        moved[element] = (moved[element] as number) + delta;
        return (await lossOnly.run(fed))["loss"]?.data[0] as number;
      };
      const numeric = ((await lossAt(STEP)) - (await lossAt(-STEP))) / (2 * STEP);
      const exact = analytic[`d${index}`]?.data[element] as number;
      const error = Math.abs(exact - numeric) / Math.max(1, Math.abs(exact), Math.abs(numeric));
      expect(error, `input ${index}, element ${element}: ${exact} against ${numeric}`).toBeLessThan(TOLERANCE);
    }
  }
  program.dispose();
  lossOnly.dispose();
}

function shapeOf(random: RandomData, rank: number, most = 4): number[] {
  return Array.from({ length: rank }, () => random.integer(1, most));
}

function tensor(
  random: RandomData,
  shape: readonly number[],
  make: (count: number) => Float64Array = (n) => random.normals(n),
) {
  return { shape, values: make(shape.reduce((a, b) => a * b, 1)) };
}

/** Away from zero: |x| ≥ 0.1, for functions with a pole or a kink there. */
function awayFromZero(random: RandomData): (count: number) => Float64Array {
  return (count) => random.normals(count).map((x) => (x < 0 ? x - 0.1 : x + 0.1));
}

const positive = (random: RandomData) => (count: number) => random.normals(count).map((x) => Math.abs(x) + 0.5);

/** A pair of shapes that broadcast together. */
function broadcastPair(random: RandomData): [number[], number[]] {
  const full = shapeOf(random, random.integer(1, 4));
  const stretched = full
    .map((extent) => (random.uniform() < 0.4 ? 1 : extent))
    .slice(random.integer(0, full.length - 1));
  return random.uniform() < 0.5 ? [full, stretched] : [stretched, full];
}

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

const CASES: Record<string, (random: RandomData) => Case> = {
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
      (random: RandomData): Case => {
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
      (random: RandomData): Case => {
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
      (random: RandomData): Case => ({
        name: "",
        inputs: [tensor(random, shapeOf(random, 2), op === "exp" || op === "neg" ? undefined : positive(random))],
        build: (graph, [x]) => graph[op](x as Node),
      }),
    ]),
  ),
  ...Object.fromEntries(
    (["softmax", "logSoftmax"] as const).map((op) => [
      op,
      (random: RandomData): Case => ({
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
      (random: RandomData): Case => {
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
    const shape = shapeOf(random, 3);
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
        (random: RandomData): Case => {
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
        (random: RandomData): Case => {
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

describe(`gradients agree with central differences (seed ${SEED})`, () => {
  for (const [op, make] of Object.entries(CASES)) {
    it(`${op}, ${SHAPES} random shapes`, async () => {
      const random = new RandomData(SEED);
      for (let shape = 0; shape < SHAPES; shape++) {
        const one = make(random);
        await checkGradients(one, random).catch((error: Error) => {
          throw new Error(`${op} ${one.name}: ${error.message}`);
        });
      }
    });
  }
});

describe("gradients where differences cannot look", () => {
  const run = async (build: (graph: Graph) => Node) => {
    const graph = new Graph();
    const program = await cpu().compile(graph, { outputs: { y: build(graph) } });
    return [...((await program.run())["y"]?.data ?? [])];
  };

  it("give a pooling window's gradient to the first of equal maxima", async () => {
    const dx = await run((graph) => {
      const x = graph.constant([1, 3, 3, 3, 2, 2, 2, 2], [1, 2, 4, 1]);
      const y = graph.maxPool2d(x, { size: [2, 2] });
      return graph.gradients(graph.sum(graph.mul(y, graph.constant([10, 20], [1, 1, 2, 1]))), [x])[0] as Node;
    });
    expect(dx).toEqual([0, 10, 20, 0, 0, 0, 0, 0]);
  });

  it("give a maximum's gradient to the first of equals", async () => {
    const dx = await run((graph) => {
      const x = graph.constant([2, 5, 5, 7, 7, 1], [2, 3]);
      return graph.gradients(graph.sum(graph.max(x, 1)), [x])[0] as Node;
    });
    expect(dx).toEqual([0, 1, 0, 1, 0, 0]);
  });

  it("stop at stopGradient and are zero for what the loss does not depend on", async () => {
    const dx = await run((graph) => {
      const x = graph.constant([1, 2], [2]);
      return graph.gradients(graph.sum(graph.mul(graph.stopGradient(x), x)), [x])[0] as Node;
    });
    expect(dx).toEqual([1, 2]);
  });
});
