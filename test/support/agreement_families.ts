import { convGeometry } from "../../src/core/window_geometry.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { type AgreementCase, tensor } from "./agreement.ts";
import { convOptions, describeConv, RandomData } from "./random.ts";

/** Odd sizes that every family meets beside the random ones: batch 61, images of 27 × 29. */
const AWKWARD_CONVS = [
  convGeometry("", [61, 5, 5, 3], [3, 3, 3, 5], { strides: [1, 1], padding: "same", dilations: [1, 1], groups: 1 }),
  convGeometry("", [2, 27, 29, 4], [3, 3, 4, 8], { strides: [1, 1], padding: "same", dilations: [1, 1], groups: 1 }),
  convGeometry("", [1, 27, 29, 1], [5, 5, 1, 6], { strides: [2, 2], padding: "valid", dilations: [1, 1], groups: 1 }),
  convGeometry("", [61, 6, 6, 8], [1, 1, 8, 33], { strides: [1, 1], padding: "valid", dilations: [1, 1], groups: 1 }),
];

function convInputs(g: (typeof AWKWARD_CONVS)[number], make: (count: number) => Float64Array) {
  return [
    tensor([g.batch, g.inHeight, g.inWidth, g.inChannels], make),
    tensor([g.kernelHeight, g.kernelWidth, g.groupInChannels, g.outChannels], make),
  ];
}

export interface Family {
  /** Share of the shapes that a run draws. */
  readonly share: number;
  make(random: RandomData, index: number): AgreementCase;
}

/** Groups of operations, each with a way to draw a case of random shape. The first indices take awkward shapes. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  "convolution and both its gradients, sums within rounding": {
    share: 60,
    make(random, index) {
      const g = AWKWARD_CONVS[index] ?? random.conv({ most: 12 });
      const make = (n: number) => random.normals(n);
      const dy = tensor([g.batch, g.outHeight, g.outWidth, g.outChannels], make);
      return {
        name: describeConv(g),
        inputs: [...convInputs(g, make), dy],
        sumLength:
          g.batch * g.outHeight * g.outWidth +
          g.kernelHeight * g.kernelWidth * (g.groupInChannels + g.groupOutChannels),
        build(graph, [x, w, upstream]) {
          const y = graph.conv2d(x as Node, w as Node, convOptions(g));
          return {
            y,
            dx: graph.conv2dInputGradient(upstream as Node, w as Node, g),
            dw: graph.conv2dFilterGradient(x as Node, upstream as Node, g),
          };
        },
      };
    },
  },
  "convolution, bias, ReLU and their gradients, exact on integers": {
    share: 50,
    make(random, index) {
      const g = AWKWARD_CONVS[index] ?? random.conv({ most: 10 });
      const make = (n: number) => random.integers(n);
      return {
        name: describeConv(g),
        inputs: [
          ...convInputs(g, make),
          tensor([g.outChannels], make),
          tensor([g.batch, g.outHeight, g.outWidth, g.outChannels], make),
        ],
        build(graph, [x, w, b, dy]) {
          const y = graph.relu(graph.add(graph.conv2d(x as Node, w as Node, convOptions(g)), b as Node));
          const [dx, dw, db] = graph.gradients(graph.sum(graph.mul(y, dy as Node)), [x as Node, w as Node, b as Node]);
          return { y, dx: dx as Node, dw: dw as Node, db: db as Node };
        },
      };
    },
  },
  "convolution, bias, ReLU, 2×2 pool and their gradients, exact on integers": {
    share: 60,
    make(random, index) {
      let g = AWKWARD_CONVS[index] ?? random.conv({ most: 12 });
      while (g.outHeight < 2 || g.outWidth < 2) g = random.conv({ most: 12 });
      const make = (n: number) => random.integers(n);
      return {
        name: describeConv(g),
        inputs: [
          ...convInputs(g, make),
          tensor([g.outChannels], make),
          tensor([g.batch, g.outHeight >> 1, g.outWidth >> 1, g.outChannels], make),
        ],
        build(graph, [x, w, b, dy]) {
          const activated = graph.relu(graph.add(graph.conv2d(x as Node, w as Node, convOptions(g)), b as Node));
          const y = graph.maxPool2d(activated, { size: [2, 2] });
          const [dx, dw, db] = graph.gradients(graph.sum(graph.mul(y, dy as Node)), [x as Node, w as Node, b as Node]);
          return { y, dx: dx as Node, dw: dw as Node, db: db as Node };
        },
      };
    },
  },
  "max-pool of any geometry and its gradient, exact": {
    share: 60,
    make(random) {
      for (;;) {
        const size = [random.integer(1, 3), random.integer(1, 3)] as const;
        const shape = [random.pick([1, 2, 5]), random.integer(1, 13), random.integer(1, 13), random.pick([1, 3, 4, 8])];
        const options = {
          size,
          strides: [random.integer(1, 4), random.integer(1, 4)] as const,
          dilations: [random.pick([1, 1, 2]), random.pick([1, 1, 2])] as const,
          padding: random.pick([
            "same",
            "valid",
            [
              [random.integer(0, size[0] - 1), random.integer(0, size[0] - 1)],
              [random.integer(0, size[1] - 1), random.integer(0, size[1] - 1)],
            ],
          ] as const),
          ceilMode: random.uniform() < 0.3,
        };
        const trial = new Graph();
        try {
          const y = trial.maxPool2d(trial.input("x", shape), options);
          return {
            name: JSON.stringify({ shape, ...options }),
            inputs: [tensor(shape, (n) => random.integers(n, 4)), tensor(y.shape, (n) => random.integers(n, 9))],
            build(graph, [x, dy]) {
              const pooled = graph.maxPool2d(x as Node, options);
              return { pooled, dx: graph.gradients(pooled, [x as Node], dy)[0] as Node };
            },
          };
        } catch {
          // The window does not fit: draw again.
        }
      }
    },
  },
  "matrix products, sums within rounding": {
    share: 70,
    make(random) {
      const [m, n, k] = [
        random.pick([1, 3, 16, 61, 64]),
        random.pick([1, 5, 10, 33, 64]),
        random.pick([1, 7, 32, 300, 1001]),
      ];
      const options = { transposeA: random.uniform() < 0.5, transposeB: random.uniform() < 0.5 };
      return {
        name: `${m}×${n}×${k} ${JSON.stringify(options)}`,
        inputs: [
          tensor(options.transposeA ? [k, m] : [m, k], (c) => random.normals(c)),
          tensor(options.transposeB ? [n, k] : [k, n], (c) => random.normals(c)),
        ],
        sumLength: k,
        build: (graph, [a, b]) => ({ c: graph.matmul(a as Node, b as Node, options) }),
      };
    },
  },
  "broadcasting arithmetic and its gradients": {
    share: 70,
    make(random) {
      const full = Array.from({ length: random.integer(1, 5) }, () => random.pick([1, 2, 3, 4, 7]));
      const part = full
        .map((extent) => (random.uniform() < 0.4 ? 1 : extent))
        .slice(random.integer(0, full.length - 1));
      const op = random.pick(["add", "sub", "mul"] as const);
      return {
        name: `${op} ${full} and ${part}`,
        inputs: [tensor(full, (n) => random.integers(n)), tensor(part, (n) => random.integers(n))],
        build(graph, [a, b]) {
          const y = graph[op](a as Node, b as Node);
          const [da, db] = graph.gradients(graph.sum(y), [a as Node, b as Node]);
          return { y, da: da as Node, db: db as Node };
        },
      };
    },
  },
  "sums and maxima over axes, exact on integers": {
    share: 60,
    make(random) {
      const shape = Array.from({ length: random.integer(1, 4) }, () => random.pick([1, 2, 5, 8, 31]));
      const axes = shape.map((_, axis) => axis).filter(() => random.uniform() < 0.5);
      return {
        name: `${shape} over ${axes}`,
        inputs: [tensor(shape, (n) => random.integers(n))],
        build(graph, [x]) {
          const most = graph.max(x as Node, axes);
          return {
            sum: graph.sum(x as Node, axes),
            most,
            dx: graph.gradients(graph.sum(most), [x as Node])[0] as Node,
          };
        },
      };
    },
  },
  "transposes, exact": {
    share: 30,
    make(random) {
      const shape = Array.from({ length: random.integer(2, 4) }, () => random.integer(1, 9));
      const order = shape.map((_, axis) => axis).sort(() => random.uniform() - 0.5);
      return {
        name: `${shape} by ${order}`,
        inputs: [tensor(shape, (n) => random.normals(n))],
        build: (graph, [x]) => ({ y: graph.transpose(x as Node, order) }),
      };
    },
  },
  "running sums along an axis": {
    share: 20,
    make(random) {
      const shape = Array.from({ length: random.integer(1, 4) }, () => random.integer(1, 9));
      const axis = random.integer(0, shape.length - 1);
      const options = { exclusive: random.uniform() < 0.5, reverse: random.uniform() < 0.5 };
      return {
        name: `${shape} along ${axis} ${JSON.stringify(options)}`,
        inputs: [tensor(shape, (n) => random.normals(n))],
        sumLength: shape[axis] ?? 1,
        build: (graph, [x]) => ({ y: graph.cumsum(x as Node, axis, options) }),
      };
    },
  },
  "quotients, roots, exponentials and logarithms within WGSL's accuracy": {
    share: 30,
    make(random) {
      const shape = [random.integer(1, 40), random.integer(1, 9)];
      return {
        name: `${shape}`,
        inputs: [tensor(shape, (n) => random.normals(n).map((x) => Math.fround(Math.abs(x) + 0.5)))],
        // WGSL: division 2.5 ULP, exp 3 + 2|x| ULP, log 2⁻²¹ absolute near 1; |x| stays below 6 here.
        functionError: 64,
        build(graph, [x]) {
          const input = x as Node;
          return { quotient: graph.div(3, input), root: graph.sqrt(input), exponential: graph.exp(graph.neg(input)) };
        },
      };
    },
  },
  "softmax cross-entropy, its gradient and accuracy": {
    share: 50,
    make(random) {
      const [rows, classes] = [random.pick([1, 7, 61, 64, 200]), random.pick([2, 3, 10, 33])];
      const labels = Array.from({ length: rows }, () => random.integer(-1, classes - 1));
      return {
        name: `${rows}×${classes}`,
        inputs: [tensor([rows, classes], (n) => random.normals(n))],
        sumLength: rows + classes,
        // The absolute term: losses and probabilities are of order one.
        functionError: 64,
        build(graph, [x]) {
          const label = graph.constant(labels, [rows], "i32");
          const logits = x as Node;
          const loss = graph.softmaxCrossEntropy(logits, label);
          const [gradient] = graph.gradients(loss, [logits]) as [Node];
          return {
            loss,
            shifted: graph.add(gradient, 1),
            // The fused step leaves them beside the gradient.
            biasGradient: graph.add(graph.sum(gradient, 0), 1),
            correct: graph.countCorrect(logits, label),
            probabilities: graph.softmax(logits),
          };
        },
      };
    },
  },
};

const SHARES = Object.values(FAMILIES).reduce((sum, { share }) => sum + share, 0);

/** About `count` random cases, each family's share of them at least one; the same for the same seed. */
export function drawCases(count: number, seed: number): Map<string, AgreementCase[]> {
  return new Map(
    Object.entries(FAMILIES).map(([name, { share, make }]) => {
      const random = new RandomData(seed);
      const cases = Math.max(1, Math.round((share * count) / SHARES));
      return [name, Array.from({ length: cases }, (_, index) => make(random, index))];
    }),
  );
}
