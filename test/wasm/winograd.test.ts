/** Winograd's algorithm: exact on small whole numbers, and within the rounding of direct sums on others. */
import { afterAll, describe, expect, it } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";
import { RandomData } from "../support/random.ts";

const SEED = 91;
const backend = await openWasm();
afterAll(() => backend.dispose());

interface Case {
  readonly image: readonly [number, number, number, number];
  readonly filters: number;
  readonly padding: "same" | "valid";
  readonly relu?: boolean;
  readonly pool?: boolean;
}

const CASES: readonly Case[] = [
  { image: [2, 8, 8, 16], filters: 32, padding: "same" },
  { image: [3, 7, 9, 28], filters: 20, padding: "same", relu: true },
  { image: [2, 12, 10, 32], filters: 16, padding: "valid", relu: true },
  { image: [1, 15, 12, 20], filters: 28, padding: "valid" },
  { image: [2, 8, 10, 24], filters: 24, padding: "same", relu: true, pool: true },
  { image: [3, 9, 7, 16], filters: 32, padding: "same", relu: true, pool: true },
  // Rows of tiles in several chunks, which end within images.
  { image: [5, 34, 34, 16], filters: 32, padding: "same", relu: true },
  { image: [5, 34, 33, 32], filters: 16, padding: "same", relu: true, pool: true },
];

const nameOf = ({ image, filters, padding, relu, pool }: Case) =>
  `[${image}] to ${filters}, ${padding}${relu ? ", ReLU" : ""}${pool ? ", pool" : ""}`;

function build({ padding, relu, pool }: Case) {
  return (graph: Graph, [x, w, b]: Node[]): Record<string, Node> => {
    if (!x || !w || !b) throw new RangeError("three inputs");
    const biased = graph.add(graph.conv2d(x, w, { padding }), b);
    const activated = relu ? graph.relu(biased) : biased;
    return { y: pool ? graph.maxPool2d(activated, { size: [2, 2] }) : activated };
  };
}

const shapesOf = ({ image, filters }: Case) => [image, [3, 3, image[3], filters], [filters]];

function table(one: Case, outputs: (graph: Graph, inputs: Node[]) => Record<string, Node>): Promise<string> {
  const graph = new Graph();
  const inputs = shapesOf(one).map((shape, index) => graph.input(`x${index}`, shape));
  return backend.compile(graph, { outputs: outputs(graph, inputs) }).then((program) => {
    const text = String(program);
    program.dispose();
    return text;
  });
}

describe.each(CASES.map((one) => ({ name: nameOf(one), one })))("$name", ({ one }) => {
  const gradientsOf = (graph: Graph, [x, w, dy]: Node[]): Record<string, Node> => {
    const y = graph.conv2d(x as Node, w as Node, { padding: one.padding });
    const [dx, dw] = graph.gradients(y, [x, w] as Node[], dy) as [Node, Node];
    return { dx, dw };
  };
  const [batch, height, width] = one.image;
  const inset = one.padding === "same" ? 0 : 2;
  const upstream = [batch, height - inset, width - inset, one.filters];

  it("takes it, and is exact on whole numbers", async () => {
    expect(await table(one, build(one))).toMatch(/conv2d \+ add.* winograd/);
    const random = new RandomData(SEED);
    const inputs = shapesOf(one).map((shape) => tensor(shape, (n) => random.integers(n, 3)));
    await checkAgreement(backend, { name: nameOf(one), inputs, build: build(one) });
  });

  it("is right within the rounding of its sums", async () => {
    const random = new RandomData(SEED + 1);
    const inputs = shapesOf(one).map((shape) => tensor(shape, (n) => random.normals(n)));
    await checkAgreement(backend, { name: nameOf(one), inputs, build: build(one), sumLength: 9 * one.image[3] });
  });

  it("has gradients that are exact on whole numbers", async () => {
    const given = table(one, (graph, [x, w]) => gradientsOf(graph, [x, w, graph.input("dy", upstream)] as Node[]));
    for (const name of ["Input", "Filter"]) expect(await given).toMatch(new RegExp(`conv2d${name}Gradient +winograd`));
    const random = new RandomData(SEED + 2);
    const shapes = [...shapesOf(one).slice(0, 2), upstream];
    const inputs = shapes.map((shape) => tensor(shape, (n) => random.integers(n, 3)));
    await checkAgreement(backend, { name: nameOf(one), inputs, build: gradientsOf });
  });

  it("has gradients that are right within the rounding of their sums", async () => {
    const random = new RandomData(SEED + 3);
    const shapes = [...shapesOf(one).slice(0, 2), upstream];
    const inputs = shapes.map((shape) => tensor(shape, (n) => random.normals(n)));
    const sumLength = Math.max(9 * one.filters, batch * height * width);
    await checkAgreement(backend, { name: nameOf(one), inputs, build: gradientsOf, sumLength });
  });
});

describe("products of other convolutions", () => {
  it.each([
    ["few channels", { image: [4, 16, 16, 8], filters: 64, padding: "same" }],
    ["channels that make no vectors", { image: [4, 16, 16, 18], filters: 32, padding: "same" }],
    ["few tiles", { image: [1, 8, 8, 32], filters: 32, padding: "same" }],
  ] as const)("of %s are direct", async (_, one) => {
    expect(await table(one, build(one))).not.toMatch(/winograd/);
  });
});
