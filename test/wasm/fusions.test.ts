/** What several nodes become in one kernel: the numbers of each by itself, and exact on small whole numbers. */
import { afterAll, describe, expect, it } from "vitest";
import { convGeometry, type Padding, type Pair } from "../../src/core/window_geometry.ts";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";
import { RandomData } from "../support/random.ts";

const SEED = 77;
const backend = await openWasm();
afterAll(() => backend.dispose());

interface Case {
  readonly name: string;
  readonly image: readonly [number, number, number, number];
  readonly kernel: Pair;
  readonly filters: number;
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly dilations?: Pair;
}

const CASES: readonly Case[] = [
  { name: "same padding, even", image: [2, 6, 8, 8], kernel: [3, 3], filters: 16, padding: "same" },
  {
    name: "an odd row and column that no window takes",
    image: [3, 7, 5, 16],
    kernel: [3, 3],
    filters: 20,
    padding: "same",
  },
  { name: "nothing outside", image: [2, 8, 9, 16], kernel: [3, 3], filters: 16 },
  {
    name: "a row that no window of the kernel reaches",
    image: [1, 9, 12, 8],
    kernel: [2, 2],
    filters: 24,
    strides: [2, 2],
  },
  {
    name: "strides, dilation, uneven padding",
    image: [2, 13, 12, 16],
    kernel: [3, 2],
    filters: 16,
    strides: [2, 1],
    dilations: [1, 3],
    padding: [
      [3, 0],
      [0, 2],
    ],
  },
  { name: "1 × 1", image: [1, 4, 4, 32], kernel: [1, 1], filters: 16 },
  {
    name: "few channels, whose filter's gradient wants the whole gradient",
    image: [2, 8, 8, 1],
    kernel: [3, 3],
    filters: 32,
    padding: "same",
  },
];

/** Forward with a gradient behind the pool, and all gradients. */
function build(one: Case) {
  return (graph: Graph, [x, w, b, dy]: Node[]): Record<string, Node> => {
    if (!x || !w || !b || !dy) throw new RangeError("four inputs");
    const { strides = [1, 1], padding = "valid", dilations = [1, 1] } = one;
    const activated = graph.relu(graph.add(graph.conv2d(x, w, { strides, padding, dilations }), b));
    const y = graph.maxPool2d(activated, { size: [2, 2] });
    const [dx, dw, db] = graph.gradients(y, [x, w, b], dy) as [Node, Node, Node];
    return { y, dx, dw, db };
  };
}

function geometryOf({ name, image, kernel, filters, ...rest }: Case) {
  const options = {
    strides: [1, 1] as const,
    padding: "valid" as const,
    dilations: [1, 1] as const,
    groups: 1,
    ...rest,
  };
  return convGeometry(name, image, [...kernel, image[3], filters], options);
}

function inputsOf(one: Case, make: (count: number) => Float64Array) {
  const g = geometryOf(one);
  const upstream = [g.batch, g.outHeight >> 1, g.outWidth >> 1, g.outChannels];
  const shapes = [one.image, [...one.kernel, one.image[3], one.filters], [one.filters], upstream];
  return {
    inputs: shapes.map((shape) => tensor(shape, make)),
    sumLength: g.batch * g.outHeight * g.outWidth + g.kernelHeight * g.kernelWidth * (g.inChannels + g.outChannels),
  };
}

async function tableOf(outputs: (graph: Graph) => Record<string, Node>): Promise<string> {
  const graph = new Graph();
  const program = await backend.compile(graph, { outputs: outputs(graph) });
  const table = String(program);
  program.dispose();
  return table;
}

const graphOf = (one: Case) => (graph: Graph) =>
  build(one)(
    graph,
    inputsOf(one, (n) => new Float64Array(n)).inputs.map(({ shape }, index) => graph.input(`x${index}`, shape)),
  );

describe.each(CASES)("convolution, bias, ReLU and pool: $name", (one) => {
  it("are one kernel, and their gradients visit winners alone", async () => {
    const table = await tableOf(graphOf(one));
    expect(table).toMatch(/conv2d \+ add \+ relu \+ maxPool2d +(product|winograd)/);
    expect(table).not.toMatch(/conv2d +(product|winograd)/);
    expect(table).toMatch(/sum +winners sum/);
    expect(table).toMatch(/conv2dInputGradient +winners input gradient|conv2dInputGradient +product/);
    const isFirst = one.image[3] === 1;
    expect(/conv2dFilterGradient +winners filter gradient/.test(table)).toBe(!isFirst);
    expect(/maxPool2dGradient \+ reluGradient +unpool/.test(table)).toBe(isFirst);
    expect(table).not.toMatch(/loops/);
  });

  it("are exact on whole numbers, with zeros and equal values among them", async () => {
    const random = new RandomData(SEED);
    const { inputs } = inputsOf(one, (n) => random.integers(n, 2));
    await checkAgreement(backend, { name: one.name, inputs, build: build(one) });
  });

  it("are right within the rounding of their sums", async () => {
    const random = new RandomData(SEED + 1);
    const { inputs, sumLength } = inputsOf(one, (n) => random.normals(n));
    // Gradients have no such bound: rounding may choose another winner.
    const forward = (graph: Graph, nodes: Node[]) => ({
      y: graph.mul(build(one)(graph, nodes)["y"] as Node, nodes[3] as Node),
    });
    await checkAgreement(backend, { name: one.name, inputs, sumLength, build: forward });
  });

  it("let NaN through to the result as the CPU does, and to the gradient of the filter", async () => {
    const random = new RandomData(SEED + 2);
    const { inputs } = inputsOf(one, (n) => random.integers(n, 2));
    const feeds = Object.fromEntries(inputs.map(({ values }, index) => [`x${index}`, Float32Array.from(values)]));
    const image = feeds["x0"];
    if (image) image[image.length >> 1] = Number.NaN;
    const results = await Promise.all(
      [backend, cpu()].map(async (on) => {
        const graph = new Graph();
        const program = await on.compile(graph, { outputs: graphOf(one)(graph) });
        const out = await program.run(feeds);
        program.dispose();
        return (name: string) => Array.from(out[name]?.data ?? [], Number.isNaN);
      }),
    );
    const [got, want] = results;
    expect(got?.("y")).toEqual(want?.("y"));
    // A product of NaN and a gradient of 0 is not computed: fewer are NaN than on the CPU.
    expect(got?.("dw")).toContain(true);
  });
});

describe("what others read is not left out", () => {
  const one = CASES[0] as Case;

  it("an activation that is an output", async () => {
    const table = await tableOf((graph) => {
      const [x, w] = [graph.input("x", one.image), graph.input("w", [3, 3, 8, 16])];
      const activated = graph.relu(graph.conv2d(x, w, { padding: "same" }));
      return { activated, y: graph.maxPool2d(activated, { size: [2, 2] }) };
    });
    expect(table).toMatch(/conv2d \+ relu +product/);
    expect(table).toMatch(/maxPool2d +max pool/);
  });

  it("a convolution under two activations", async () => {
    const random = new RandomData(SEED + 3);
    const inputs = [one.image, [3, 3, 8, 16]].map((shape) => tensor(shape, (n) => random.integers(n, 2)));
    await checkAgreement(backend, {
      name: "two readers",
      inputs,
      build(graph, [x, w]) {
        const y = graph.conv2d(x as Node, w as Node, { padding: "same" });
        return { a: graph.relu(y), b: graph.add(graph.neg(y), graph.relu(y)) };
      },
    });
  });

  it("a pool with overlapping windows, and one that is rounded up", async () => {
    const table = await tableOf((graph) => {
      const [x, w] = [graph.input("x", [1, 7, 7, 8]), graph.input("w", [3, 3, 8, 16])];
      const a = graph.relu(graph.conv2d(x, w, { padding: "same" }));
      const b = graph.relu(graph.conv2d(x, w, { padding: "same" }));
      return {
        overlapping: graph.maxPool2d(a, { size: [2, 2], strides: [1, 1] }),
        up: graph.maxPool2d(b, { size: [2, 2], ceilMode: true }),
      };
    });
    expect(table.match(/maxPool2d +max pool/g)).toHaveLength(2);
  });
});
