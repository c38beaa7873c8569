import type { Node } from "../../../src/graph/node.ts";
import type { Graph } from "../../../src/graph.ts";
import { awayFromZero, type GradientCase, type GradientFamilies, positive, shapeOf, tensor } from "../gradients.ts";
import type { RandomData } from "../random.ts";

/** [batch, height, width, channels], channels in so many groups. */
const imageShape = (random: RandomData, groups = 1): number[] => [...shapeOf(random, 3), groups * random.integer(1, 3)];

/** Shape operations that `SHAPE_CASES` has not, normalisation of each image, dropout, noise, and what has slope 0. */
export const OTHER_GRADIENTS: GradientFamilies = {
  layerNorm(random) {
    const shape = imageShape(random);
    const axes = random.pick([[3], [1, 2, 3], [1, 3]]);
    const own = shape.map((extent, axis) => (axes.includes(axis) ? extent : 1));
    return {
      name: `${shape} over ${axes}`,
      inputs: [tensor(random, shape), tensor(random, own), tensor(random, own)],
      build: (graph, [x, gamma, beta]) => graph.layerNorm(x as Node, { axes, gamma, beta }),
    };
  },
  groupNorm(random) {
    const groups = random.integer(1, 3);
    const shape = imageShape(random, groups);
    const channels = shape.slice(3);
    return {
      name: `${shape} in ${groups} groups`,
      inputs: [tensor(random, shape), tensor(random, channels), tensor(random, channels)],
      build: (graph, [x, gamma, beta]) => graph.groupNorm(x as Node, { groups, gamma, beta }),
    };
  },
  cumsum(random) {
    const shape = shapeOf(random, random.integer(1, 4));
    const axis = random.integer(-shape.length, shape.length - 1);
    const options = { exclusive: random.uniform() < 0.5, reverse: random.uniform() < 0.5 };
    return {
      name: `${shape} along ${axis} ${JSON.stringify(options)}`,
      inputs: [tensor(random, shape)],
      build: (graph, [x]) => graph.cumsum(x as Node, axis, options),
    };
  },
  dropout(random) {
    const shape = shapeOf(random, 3);
    const noiseShape = shape.map((extent) => random.pick([1, extent]));
    const options = { rate: random.uniform() * 0.9, seed: random.integer(0, 99), noiseShape };
    return {
      name: JSON.stringify({ shape, ...options }),
      inputs: [tensor(random, shape)],
      build: (graph, [x]) => graph.dropout(x as Node, options),
    };
  },
  gaussianNoise(random) {
    const shape = shapeOf(random, 3);
    const options = { stddev: random.uniform(), seed: random.integer(0, 99), stream: random.integer(0, 9) };
    return {
      name: JSON.stringify({ shape, ...options }),
      inputs: [tensor(random, shape)],
      build: (graph, [x]) => graph.gaussianNoise(x as Node, options),
    };
  },
  "min and product over axes"(random) {
    const shape = shapeOf(random, random.integer(1, 3));
    const axis = random.integer(0, shape.length - 1);
    return {
      name: `${shape} over ${axis}`,
      inputs: [tensor(random, shape, (n) => random.distinct(n)), tensor(random, shape, positive(random))],
      build: (graph, [x, y]) => graph.mul(graph.min(x as Node, axis), graph.product(y as Node, axis)),
    };
  },
  "square root of a sum of squares, and norms"(random) {
    const shape = shapeOf(random, 2);
    return {
      name: `${shape}`,
      // No sum of a row is 0.
      inputs: [tensor(random, shape, positive(random))],
      build: (graph, [x]) =>
        graph.add(graph.add(graph.l2Norm(x as Node, 1), graph.l1Norm(x as Node, 1)), graph.logSumExp(x as Node, 1)),
    };
  },
  "casts and comparisons, whose slope is 0"(random) {
    const shape = shapeOf(random, 2);
    // At least 0.1 from every border.
    const values = (count: number) => Float64Array.from({ length: count }, () => random.integer(-3, 2) + 0.5);
    return {
      name: `${shape}`,
      inputs: [tensor(random, shape, values), tensor(random, shape)],
      build(graph, [x, y]) {
        const steps = (["equal", "greater", "greaterOrEqual", "less", "lessOrEqual"] as const).map((op) =>
          graph.cast(graph[op](x as Node, 0.25), "f32"),
        );
        const whole = graph.cast(graph.cast(x as Node, "i32"), "f32");
        return steps.reduce((sum, step) => graph.add(sum, graph.mul(step, y as Node)), graph.mul(whole, y as Node));
      },
    };
  },
};

/** The gradient of `of`, as something whose gradient is taken in turn: towards x and towards the upstream gradient. */
function gradientOf(
  random: RandomData,
  shape: number[],
  values: (count: number) => Float64Array,
  of: (graph: Graph, x: Node) => Node,
) {
  return {
    name: `${shape}`,
    inputs: [tensor(random, shape, values), tensor(random, shape)],
    build(graph: Graph, [x, scale]: Node[]): Node {
      // Squares, so that the gradient depends on what comes from above.
      const y = of(graph, graph.mul(x as Node, scale as Node));
      return graph.gradients(graph.sum(graph.mul(y, y)), [x as Node])[0] as Node;
    },
  };
}

const normal = (random: RandomData) => (count: number) => random.normals(count);

/** Functions made of straight pieces, whose gradients have gradients. */
const STRAIGHT: Readonly<Record<string, (graph: Graph, x: Node) => Node>> = {
  abs: (g, x) => g.abs(x),
  clip: (g, x) => g.clip(x, -1, 1.5),
  hardSigmoid: (g, x) => g.hardSigmoid(x),
  leakyRelu: (g, x) => g.leakyRelu(x),
  relu: (g, x) => g.relu(x),
  relu6: (g, x) => g.relu6(x),
};

/** Functions whose gradient is differentiated towards what comes from above alone, together with the straight ones. */
const CURVED: Readonly<Record<string, (graph: Graph, x: Node) => Node>> = {
  elu: (g, x) => g.elu(x, 0.75),
  erf: (g, x) => g.erf(x),
  gelu: (g, x) => g.gelu(x),
  "gelu with tanh": (g, x) => g.gelu(x, { approximate: true }),
  hardSwish: (g, x) => g.hardSwish(x),
  mish: (g, x) => g.mish(x),
  power: (g, x) => g.power(x, 3),
  rootOfSquares: (g, x) => g.rootOfSquares(g.mul(x, x)),
  selu: (g, x) => g.selu(x),
  sigmoid: (g, x) => g.sigmoid(x),
  silu: (g, x) => g.silu(x),
  softplus: (g, x) => g.softplus(x),
  softsign: (g, x) => g.softsign(x),
  tanh: (g, x) => g.tanh(x),
};

/** Ops that are the gradients of others, differentiated. */
export const SECOND_GRADIENTS: GradientFamilies = {
  ...Object.fromEntries(
    Object.entries({ ...CURVED, ...STRAIGHT }).map(([name, of]) => [
      `${name}, gradient of its gradient towards what comes from above`,
      (random: RandomData): GradientCase => {
        const shape = shapeOf(random, random.integer(1, 3));
        const { values } = tensor(random, shape);
        return {
          name: `${shape}`,
          inputs: [tensor(random, shape)],
          build(graph, [upstream]) {
            const x = graph.constant(values, shape);
            return graph.gradients(of(graph, x), [x], upstream)[0] as Node;
          },
        };
      },
    ]),
  ),
  "prelu, gradient of its gradients"(random) {
    const shape = shapeOf(random, 3);
    const slopes = shape.map((extent) => random.pick([1, extent]));
    return {
      name: `${shape} and ${slopes}`,
      inputs: [tensor(random, shape, awayFromZero(random)), tensor(random, slopes), tensor(random, shape)],
      build(graph, [x, slope, upstream]) {
        const gradients = graph.gradients(graph.prelu(x as Node, slope as Node), [x as Node, slope as Node], upstream);
        return gradients.map((one) => graph.sum(graph.mul(one, one))).reduce((sum, one) => graph.add(sum, one));
      },
    };
  },
  ...Object.fromEntries(
    Object.entries(STRAIGHT).map(([name, of]) => [
      `${name}, gradient of its gradient`,
      // Normal values come within 1e-4 of a kink about once in 10,000.
      (random: RandomData) => gradientOf(random, shapeOf(random, random.integer(1, 3)), normal(random), of),
    ]),
  ),
  "avgPool2d, gradient of its gradient"(random) {
    const { input, options } = random.pool({ most: 5 });
    return gradientOf(random, input, normal(random), (g, x) => g.avgPool2d(x, options));
  },
  "slice and place, gradient of their gradient"(random) {
    const shape = shapeOf(random, 2);
    const begin = shape.map((extent) => random.integer(0, extent - 1));
    const size = shape.map((extent, axis) => random.integer(1, extent - (begin[axis] ?? 0)));
    return gradientOf(random, shape, normal(random), (g, x) => g.slice(x, begin, size));
  },
  "gatherRows, gradient of its gradient"(random) {
    const shape = shapeOf(random, 2);
    const rows = Array.from({ length: random.integer(1, 5) }, () => random.integer(0, (shape[0] ?? 1) - 1));
    return gradientOf(random, shape, normal(random), (g, x) => g.gatherRows(x, g.constant(rows, [rows.length], "i32")));
  },
  "softmax and logSoftmax, gradient of their gradients": (random) =>
    gradientOf(random, shapeOf(random, 2), normal(random), (g, x) => g.add(g.softmax(x), g.logSoftmax(x))),
  "layerNorm, gradient of its gradient": (random) =>
    gradientOf(random, [...shapeOf(random, 2), random.integer(3, 5)], normal(random), (g, x) =>
      g.layerNorm(x, { epsilon: 0.1 }),
    ),
};
