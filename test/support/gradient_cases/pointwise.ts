import type { Node } from "../../../src/graph/node.ts";
import { broadcastPair, type GradientCase, type GradientFamilies, positive, shapeOf, tensor } from "../gradients.ts";
import { POINTWISE } from "../pointwise.ts";
import type { RandomData } from "../random.ts";

/** Normal values four times as wide, none closer than 0.01 to a kink. */
function avoiding(random: RandomData, kinks: readonly number[]) {
  return (count: number) =>
    random
      .normals(count)
      .map((x) => 4 * x)
      .map((x) => (kinks.some((kink) => Math.abs(x - kink) < 0.01) ? x + 0.03 : x));
}

/** Two operands whose values differ by at least 0.01 / 3 wherever they meet. */
function apart(random: RandomData, [a, b]: [number[], number[]]) {
  const sizes = [a, b].map((shape) => shape.reduce((product, extent) => product * extent, 1)) as [number, number];
  const values = random.distinct(sizes[0] + sizes[1]);
  return [
    { shape: a, values: values.slice(0, sizes[0]) },
    { shape: b, values: values.slice(sizes[0]) },
  ];
}

/** Functions of one number and of two, element by element. */
export const POINTWISE_GRADIENTS: GradientFamilies = {
  ...Object.fromEntries(
    Object.entries(POINTWISE).map(([name, { build, kinks }]) => [
      name,
      (random: RandomData): GradientCase => ({
        name,
        inputs: [tensor(random, shapeOf(random, random.integer(1, 3)), avoiding(random, kinks))],
        build: (graph, [x]) => build(graph, x as Node),
      }),
    ]),
  ),
  "pow −1.5 and pow ½ of positive numbers": (random) => ({
    name: "",
    inputs: [tensor(random, shapeOf(random, 2), positive(random))],
    build: (graph, [x]) => graph.add(graph.pow(x as Node, -1.5), graph.pow(x as Node, 0.5)),
  }),
  "pow with an exponent that is a tensor, towards both": (random) => {
    const [a, b] = broadcastPair(random);
    return {
      name: `${a} and ${b}`,
      inputs: [tensor(random, a, positive(random)), tensor(random, b)],
      build: (graph, [x, y]) => graph.pow(x as Node, y as Node),
    };
  },
  "prelu, towards its slope too": (random) => {
    const [a, b] = broadcastPair(random);
    return {
      name: `${a} and ${b}`,
      inputs: [tensor(random, a, avoiding(random, [0])), tensor(random, b)],
      build: (graph, [x, slope]) => graph.prelu(x as Node, slope as Node),
    };
  },
  ...Object.fromEntries(
    (["minimum", "maximum"] as const).map((op) => [
      op,
      (random: RandomData): GradientCase => {
        const pair = broadcastPair(random);
        return {
          name: pair.join(" and "),
          inputs: apart(random, pair),
          build: (graph, [x, y]) => graph[op](x as Node, y as Node),
        };
      },
    ]),
  ),
  where: (random) => {
    const [a, b] = broadcastPair(random);
    // The condition is as large as the larger operand, or one for all.
    const full = random.uniform() < 0.3 ? [1] : a.length >= b.length ? a : b;
    const truth = Array.from({ length: full.reduce((x, y) => x * y, 1) }, () => random.integer(0, 1));
    return {
      name: `${full} ? ${a} : ${b}`,
      inputs: [tensor(random, a), tensor(random, b)],
      build: (graph, [x, y]) => graph.where(graph.constant(truth, full, "u32"), x as Node, y as Node),
    };
  },
};
