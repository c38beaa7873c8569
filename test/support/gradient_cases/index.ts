import type { Node } from "../../../src/graph/node.ts";
import { type GradientFamilies, tensor } from "../gradients.ts";
import type { RandomData } from "../random.ts";
import { SHAPE_CASES } from "../shape_cases.ts";
import { CORE_GRADIENTS } from "./core.ts";
import { OTHER_GRADIENTS, SECOND_GRADIENTS } from "./more.ts";
import { POINTWISE_GRADIENTS } from "./pointwise.ts";

const SHAPE_GRADIENTS: GradientFamilies = Object.fromEntries(
  Object.entries(SHAPE_CASES).map(([name, make]) => [
    name,
    (random: RandomData) => {
      const { name: drawn, shapes, build } = make(random);
      const inputs = shapes.map((shape) => tensor(random, shape, (n) => random.distinct(n)));
      return { name: drawn, inputs, build: (graph, nodes: Node[]) => build(graph, nodes) };
    },
  ]),
);

/** Everything whose gradient is held against central differences. */
export const GRADIENT_CASES: GradientFamilies = {
  ...CORE_GRADIENTS,
  ...POINTWISE_GRADIENTS,
  ...SHAPE_GRADIENTS,
  ...OTHER_GRADIENTS,
  ...SECOND_GRADIENTS,
};
