import { afterAll, describe, expect, it } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";
import { backendName, testBackend } from "../support/backend.ts";
import { RandomData } from "../support/random.ts";
import { SHAPE_CASES } from "../support/shape_cases.ts";

const SEED = 1607;
const SHAPES = 8;

const backend = await testBackend();
afterAll(() => backend.dispose());

/** Rounding costs one part in 2²⁴ of a sum of magnitudes, nothing where all numbers are whole. */
describe(`${backendName} agrees with the CPU reference, results and gradients (seed ${SEED})`, () => {
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
          const xs = nodes.slice(0, -1);
          const y = build(graph, xs);
          const gradients = graph.gradients(y, xs, nodes[nodes.length - 1] as Node);
          return { y, ...Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient])) };
        },
      });
    }
  });
});

describe(`shape ops on ${backendName}`, () => {
  it("move integers bit by bit, find the first maximum along any axis and mark it", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3], "i32");
    const scores = graph.input("scores", [2, 3]);
    const program = await backend.compile(graph, {
      outputs: {
        padded: graph.pad(
          x,
          [
            [0, 1],
            [1, 0],
          ],
          { value: -7 },
        ),
        part: graph.slice(x, [0, 0], [2, 3], [1, 2]),
        joined: graph.concat([x, x], 0),
        rows: graph.argmax(scores, 0),
        hot: graph.oneHot(graph.argmax(scores), 3),
      },
    });
    const out = await program.run({ x: [1, -2, 3, -4, 5, -6], scores: [1, 9, 9, 2, 2, 1] });
    const values = Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, [...data]]));
    expect(values).toEqual({
      padded: [-7, 1, -2, 3, -7, -4, 5, -6, -7, -7, -7, -7],
      part: [1, 3, -4, -6],
      joined: [1, -2, 3, -4, 5, -6, 1, -2, 3, -4, 5, -6],
      rows: [1, 0, 0],
      hot: [0, 1, 0, 1, 0, 0],
    });
    program.dispose();
  });
});
