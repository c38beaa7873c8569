/** Pools, depthwise convolutions and rows in slices, and what kernels leave to loops: the reference's numbers, exact on whole numbers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { I32 } from "../../src/wasm/emit/code.ts";
import { slicing } from "../../src/wasm/slices.ts";
import { type AgreementCase, checkAgreement } from "../support/agreement.ts";
import { RandomData } from "../support/random.ts";

const random = new RandomData(812);
const backend = await openWasm({ threads: 3 });
const { least } = slicing;
beforeAll(() => {
  slicing.least = 1;
});
afterAll(() => {
  slicing.least = least;
  backend.dispose();
});

const whole = (...shape: number[]): AgreementCase["inputs"][number] => ({
  shape,
  values: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(-4, 5)),
});

/** The result, and gradients of all inputs but the last, which is the result's. */
const withGradients =
  (make: (graph: Graph, inputs: Node[]) => Node): AgreementCase["build"] =>
  (graph, inputs) => {
    const y = make(graph, inputs.slice(0, -1));
    const gradients = graph.gradients(y, inputs.slice(0, -1), inputs.at(-1));
    return { y, ...Object.fromEntries(gradients.map((gradient, index) => [`d${index}`, gradient])) };
  };
const first = ([x]: Node[]): Node => {
  if (!x) throw new RangeError("no input");
  return x;
};
const two = ([a, b]: Node[]): [Node, Node] => {
  if (!a || !b) throw new RangeError("no two inputs");
  return [a, b];
};

const CASES: AgreementCase[] = [
  {
    name: "a max pool of 7 images, ties among them",
    inputs: [whole(7, 6, 5, 8), whole(7, 5, 4, 8)],
    build: withGradients((graph, inputs) => graph.maxPool2d(first(inputs), { size: [2, 2], strides: [1, 1] })),
  },
  {
    name: "a max pool of channels one by one",
    inputs: [whole(5, 4, 4, 3), whole(5, 2, 2, 3)],
    build: withGradients((graph, inputs) => graph.maxPool2d(first(inputs), { size: [2, 2] })),
  },
  {
    name: "an average pool of powers of 2",
    inputs: [whole(6, 4, 4, 4), whole(6, 2, 2, 4)],
    build: withGradients((graph, inputs) => graph.avgPool2d(first(inputs), { size: [2, 2] })),
  },
  {
    name: "a depthwise convolution",
    inputs: [whole(5, 6, 6, 8), whole(3, 3, 1, 8), whole(5, 4, 4, 8)],
    build: withGradients((graph, inputs) => graph.conv2d(...two(inputs), { groups: 8 })),
  },
  {
    name: "a row added to many",
    inputs: [whole(5, 200), whole(200)],
    build: (graph, inputs) => ({ y: graph.add(...two(inputs)) }),
  },
  {
    name: "rows added to rows of one place",
    inputs: [whole(6, 100), whole(6, 1)],
    build: (graph, inputs) => ({ y: graph.mul(...two(inputs)) }),
  },
  {
    name: "a convolution under a pool whose last row of windows hangs over the edge",
    inputs: [whole(2, 5, 6, 16), whole(3, 3, 16, 16), whole(16), whole(2, 3, 3, 16)],
    build: withGradients((graph, [x, w, b]) => {
      if (!x || !w || !b) throw new RangeError("no three inputs");
      const activated = graph.relu(graph.add(graph.conv2d(x, w, { padding: "same" }), b));
      return graph.maxPool2d(activated, { size: [2, 2], ceilMode: true });
    }),
  },
];

it.each(CASES)("$name", (one) => checkAgreement(backend, one));

describe("a window of", () => {
  it.each([
    [8, 8, true],
    [13, 5, false],
  ])("%d × %d values is a depthwise kernel's business: %s", async (height, width, isKernel) => {
    const graph = new Graph();
    const y = graph.conv2d(graph.input("x", [1, 14, 14, 2]), graph.input("w", [height, width, 1, 2]), { groups: 2 });
    const program = await backend.compile(graph, { outputs: { y } });
    expect(String(program).includes("depthwise")).toBe(isKernel);
    program.dispose();
  });
});

it("constants take as few bytes as the format has for them", () => {
  const bytes = (value: number) => [I32.of(value).code].flat(Number.POSITIVE_INFINITY as 20);
  expect([-65, -64, -1, 0, 63, 64].map((value) => bytes(value).slice(1))).toEqual([
    ...[[0xbf, 0x7f], [0x40], [0x7f], [0], [63], [0xc0, 0]],
  ]);
});
