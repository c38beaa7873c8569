import { afterAll, describe, it } from "vitest";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";
import { RandomData } from "../support/random.ts";
import { SHAPE_CASES } from "../support/shape_cases.ts";

const SEED = 1607;
const SHAPES = 8;

const backend = await openWasm();
afterAll(() => backend.dispose());

/** Rounding costs one part in 2²⁴ of a sum of magnitudes, nothing where all numbers are whole. */
describe(`WebAssembly agrees with the CPU reference, results and gradients (seed ${SEED})`, () => {
  it.each(Object.entries(SHAPE_CASES))(`%s, ${SHAPES} random shapes`, async (_, make) => {
    const random = new RandomData(SEED);
    for (let index = 0; index < SHAPES; index++) {
      const { name, shapes, build, sumLength, functionError } = make(random);
      const trial = new Graph();
      const { shape } = build(
        trial,
        shapes.map((one, i) => trial.input(`x${i}`, one)),
      );
      await checkAgreement(backend, {
        name,
        inputs: [...shapes, shape].map((one) => tensor(one, (n) => random.integers(n, 8))),
        ...(sumLength === undefined ? {} : { sumLength }),
        ...(functionError === undefined ? {} : { functionError }),
        build(graph, nodes) {
          const [xs, upstream] = [nodes.slice(0, -1), nodes.at(-1)];
          const y = build(graph, xs);
          const gradients = graph.gradients(y, xs, upstream);
          return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient])) };
        },
      });
    }
  });
});
