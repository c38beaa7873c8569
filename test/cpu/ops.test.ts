import { describe, expect, it } from "vitest";
import { permute, randomKey } from "../../src/core/random.ts";
import { constantTable, SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../src/core/schedule.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Arena, type Node, Variable } from "../../src/graph/node.ts";
import { gatherParts } from "../../src/graph/ops/gather_part.ts";
import { stateArenas } from "../../src/graph/update_rule.ts";
import { Graph } from "../../src/graph.ts";
import { expectClose, expectExact } from "../support/compare.ts";
import { freshSlots, optimizersOfEachKind, referenceClip, referenceStep } from "../support/optimizer_rules.ts";
import { AWKWARD_INPUTS, convOptions, describeConv, RandomData } from "../support/random.ts";

const SEED = 31337;

async function compute(
  build: (graph: Graph) => Node,
  options: Parameters<typeof cpu>[0] = { precision: "f64" },
): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu(options).compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);

describe(`convolutions of small integers (seed ${SEED})`, () => {
  it("satisfy <conv(x, w), y> = <x, dx(y, w)> = <w, dw(x, y)> exactly, 60 shapes, second order included", async () => {
    const random = new RandomData(SEED);
    for (let shape = 0; shape < 60; shape++) {
      const g = random.conv();
      const graph = new Graph();
      const x = graph.input("x", [g.batch, g.inHeight, g.inWidth, g.inChannels]);
      const w = graph.input("w", [g.kernelHeight, g.kernelWidth, g.groupInChannels, g.outChannels]);
      const u = graph.input("u", [g.batch, g.outHeight, g.outWidth, g.outChannels]);
      const y = graph.conv2d(x, w, convOptions(g));
      const [dx, dw] = graph.gradients(y, [x, w], u) as [Node, Node];
      // Each gradient is linear in u, w and x too: differentiating it must lead back to the other two ops.
      const [dxByU, dxByW] = graph.gradients(dx, [u, w], x) as [Node, Node];
      const [dwByU, dwByX] = graph.gradients(dw, [u, x], w) as [Node, Node];
      const program = await cpu({ precision: "f64" }).compile(graph, {
        outputs: { y, dx, dw, dxByU, dxByW, dwByU, dwByX },
      });
      const size = (node: Node) => node.shape.reduce((a, b) => a * b, 1);
      const feeds = { x: random.integers(size(x)), w: random.integers(size(w)), u: random.integers(size(u)) };
      const out = await program.run(feeds);
      const data = (name: string) => out[name]!.data;
      const inner = dot(data("y"), feeds.u);
      expect(dot(feeds.x, data("dx")), describeConv(g)).toBe(inner);
      expect(dot(feeds.w, data("dw")), describeConv(g)).toBe(inner);
      expectExact(data("dxByU"), data("y"));
      expectExact(data("dwByU"), data("y"));
      expectExact(data("dxByW"), data("dw"));
      expectExact(data("dwByX"), data("dx"));
    }
  });

  it("agree between f32 and f64 storage within rounding, at batch 61 and 27×29 too", async () => {
    const random = new RandomData(SEED);
    for (const input of AWKWARD_INPUTS) {
      const filter = [3, 3, input[3]!, 5];
      const feeds = {
        x: random.normals(input.reduce((a, b) => a * b, 1)),
        w: random.normals(filter.reduce((a, b) => a * b, 1)),
      };
      const on = async (precision: "f32" | "f64", values: typeof feeds) => {
        const graph = new Graph();
        const y = graph.conv2d(graph.input("x", input), graph.input("w", filter), { padding: "same" });
        return (await (await cpu({ precision }).compile(graph, { outputs: { y } })).run(values))["y"]!.data;
      };
      const absSum = await on("f64", { x: feeds.x.map(Math.abs), w: feeds.w.map(Math.abs) });
      expectClose(await on("f32", feeds), await on("f64", feeds), { absSum, k: 9 * input[3]! });
    }
  });
});

describe("NaN", () => {
  it("passes through ReLU, while −0 becomes 0", async () => {
    expect(await compute((g) => g.relu(g.constant([Number.NaN, -1, 2])))).toEqual([Number.NaN, 0, 2]);
  });

  it.each([
    ["first", [Number.NaN, 5]],
    ["last", [5, Number.NaN]],
  ])("wins a pooling window and its gradient, where it comes %s", async (_, values) => {
    const pooled = (g: Graph, x: Node) => g.maxPool2d(x, { size: [1, 2] });
    expect(await compute((g) => pooled(g, g.constant(values, [1, 1, 2, 1])))).toEqual([Number.NaN]);
    const dx = await compute((g) => {
      const x = g.constant(values, [1, 1, 2, 1]);
      return g.gradients(g.sum(pooled(g, x)), [x])[0]!;
    });
    expect(dx).toEqual(values.map((value) => Number(Number.isNaN(value))));
  });

  it("takes a maximum's gradient too", async () => {
    const dx = await compute((g) => {
      const x = g.constant([5, Number.NaN, 9], [3]);
      return g.gradients(g.max(x), [x])[0]!;
    });
    expect(dx).toEqual([0, 1, 0]);
  });

  it("in a row without a label stays out of the loss and of its gradient", async () => {
    const build = (g: Graph) => {
      const logits = g.constant([1, 1, Number.NaN, 2], [2, 2]);
      return { logits, loss: g.softmaxCrossEntropy(logits, g.constant([0, -1], [2], "i32")) };
    };
    expect((await compute((g) => build(g).loss))[0]).toBeCloseTo(Math.log(2), 14);
    const dx = await compute((g) => {
      const { logits, loss } = build(g);
      return g.gradients(loss, [logits])[0]!;
    });
    expect(dx[0]).toBeCloseTo(-0.5, 14);
    expect(dx.slice(2)).toEqual([0, 0]);
  });
});

describe("max-pooling", () => {
  it("counts padding as −∞, not as 0", async () => {
    const y = await compute((g) =>
      g.maxPool2d(g.constant([-4, -3, -2, -1], [1, 2, 2, 1]), {
        size: [2, 2],
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
    );
    expect(y).toEqual([-4, -3, -2, -1]);
  });
});

describe("a dilated pooling window", () => {
  const pooled = (g: Graph, x: Node) => g.maxPool2d(x, { size: [2, 1], dilations: [2, 1], padding: "same" });

  it("counts only what it meets of the input, beside padding", async () => {
    const rows = [3, 4, 1, 9, 5, 2];
    // Strides are the window's: rows −1 and 1, then rows 1 and 3.
    expect(await compute((g) => pooled(g, g.constant(rows, [1, 3, 2, 1])))).toEqual([1, 9, 1, 9]);
    const dx = await compute((g) => {
      const x = g.constant(rows, [1, 3, 2, 1]);
      return g.gradients(g.sum(pooled(g, x)), [x])[0]!;
    });
    expect(dx).toEqual([0, 0, 2, 2, 0, 0]);
  });

  it("is refused where it would meet padding alone, which has no maximum", async () => {
    await expect(compute((g) => pooled(g, g.constant([3, 4], [1, 1, 2, 1])))).rejects.toThrow(
      /nothing but padding in row 0/,
    );
  });
});

describe("batchRows", () => {
  const rows = (cursor: number, shuffle: boolean) =>
    compute((g) => g.batchRows(g.constant([cursor], [], "u32"), { count: 7, batch: 3, shuffle, seed: 5 }));

  it("counts through epochs and marks the end of a last, shorter batch with −1", async () => {
    expect(await Promise.all([0, 2, 3].map((cursor) => rows(cursor, false)))).toEqual([
      [0, 1, 2],
      [6, -1, -1],
      [0, 1, 2],
    ]);
  });

  it("refuses batches and counts that are no whole numbers of at least 1", () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const graph = new Graph();
      const cursor = graph.constant([0], [], "u32");
      const build = (sizes: { count: number; batch: number }) => () =>
        graph.batchRows(cursor, { ...sizes, shuffle: false, seed: 0 });
      expect(build({ count: 7, batch: wrong }), `batch ${wrong}`).toThrow(/whole numbers of at least 1/);
      expect(build({ count: wrong, batch: 3 }), `count ${wrong}`).toThrow(/whole numbers of at least 1/);
    }
  });

  it("walks each epoch through the permutation of its own key", async () => {
    for (const epoch of [0, 1]) {
      const order = (await Promise.all([0, 1, 2].map((batch) => rows(epoch * 3 + batch, true)))).flat();
      const key = randomKey(5, epoch);
      expect(order).toEqual([...Array.from({ length: 7 }, (_, i) => permute(key, i, 7)), -1, -1]);
    }
  });
});

describe("gatherRows", () => {
  it("scales bytes and gives zeros for a negative row", async () => {
    const pixels = new Variable({
      name: "pixels",
      shape: [2, 2],
      dtype: "u8",
      initial: Uint8Array.of(0, 51, 102, 255),
    });
    const y = await compute((g) =>
      g.gatherRows(g.variable(pixels), g.constant([1, -1, 0], [3], "i32"), { scale: 1 / 255 }),
    );
    expectClose(y, [0.4, 1, 0, 0, 0, 0.2]);
  });

  it("gives −1 for a negative row of labels", async () => {
    const y = await compute((g) => g.gatherRows(g.constant([7, 8], [2], "i32"), g.constant([-1, 1], [2], "i32")));
    expect(y).toEqual([-1, 8]);
  });
});

describe("gatherParts", () => {
  it("gives of several tables what gatherRows gives of one, NaN and −0 too, and zeros beyond them", async () => {
    const values = [1, Number.NaN, -0, 4, 5, 6, 7, 8, 9, 10];
    const numbers = [4, 0, -1, 3, 1, 2, 5];
    const parts = (g: Graph) => [
      g.constant(values.slice(0, 4), [2, 2]),
      g.constant(values.slice(4, 8), [2, 2]),
      g.constant(values.slice(8), [1, 2]),
    ];
    const y = await compute((g) => gatherParts(g, parts(g), g.constant(numbers, [7], "i32"), { scale: 3 }));
    expect(y).toEqual([27, 30, 3, Number.NaN, 0, 0, 21, 24, -0, 12, 15, 18, 0, 0]);
  });
});

describe("metrics", () => {
  it("count correct rows and rows with a label, the first maximum being the answer", async () => {
    const y = await compute((g) =>
      g.countCorrect(g.constant([3, 3, 1, 2, 5, 0, 0, 4], [4, 2]), g.constant([0, 0, -1, 1], [4], "i32")),
    );
    expect(y).toEqual([2, 3]);
  });

  it("put labels in rows and predictions in columns of a confusion matrix", async () => {
    const y = await compute((g) =>
      g.confusionMatrix(g.constant([0, 1, 1, -1], [4], "i32"), g.constant([1, 1, 1, 0], [4], "i32"), 2),
    );
    expect(y).toEqual([0, 1, 0, 2]);
  });
});

describe("gaussianNoise", () => {
  it("takes seed, stream and step as 0 by default", async () => {
    const noise = (options: { seed?: number; stream?: number }) =>
      compute((g) => g.gaussianNoise(g.constant([0, 0, 0]), { stddev: 1, ...options }));
    expect(await noise({})).toEqual(await noise({ seed: 0, stream: 0 }));
    expect(await noise({})).not.toEqual(await noise({ seed: 1 }));
    expect(await noise({})).not.toEqual(await noise({ stream: 1 }));
  });
});

describe("recordStep", () => {
  it("fills its ring row by row, wraps around, and moves every counter", async () => {
    const ring = new Variable({ name: "ring", shape: [2, 3] });
    const [step, cursor] = ["step", "cursor"].map((name) => new Variable({ name, shape: [], dtype: "u32" }));
    const value = new Variable({ name: "value", shape: [] });
    const graph = new Graph();
    const now = graph.variable(value);
    graph.recordStep([now, graph.mul(now, graph.constant([10, 100]))], { ring, counters: [step!, cursor!] });
    graph.assign(value, graph.add(now, 1));
    const program = await cpu({ precision: "f64" }).compile(graph, { outputs: {} });
    const read = await program.enqueue({ steps: 3, read: [ring, step!, cursor!] });
    expect(read.map(({ data }) => [...data])).toEqual([[2, 20, 200, 1, 10, 100], [3], [3]]);
  });

  it("records NaN for the first value alone where the guard is not 0, and counts the step", async () => {
    const ring = new Variable({ name: "ring", shape: [3, 2] });
    const step = new Variable({ name: "step", shape: [], dtype: "u32" });
    const graph = new Graph();
    const guard = graph.input("guard", []);
    graph.recordStep([graph.constant(5), graph.constant(6)], { ring, counters: [step], guard });
    const program = await cpu({ precision: "f64" }).compile(graph, { outputs: {} });
    for (const value of [0, 1, Number.NaN]) await program.run({ guard: [value] });
    const read = await program.enqueue({ steps: 0, read: [ring, step] });
    expect(read.map(({ data }) => [...data])).toEqual([[5, 6, Number.NaN, 6, Number.NaN, 6], [3]]);
  });
});

describe("the gradient of a product", () => {
  it("is the product of the others, beside one zero and beside several", async () => {
    const gradient = (values: number[]) =>
      compute((g) => {
        const x = g.constant(values);
        return g.gradients(g.product(x), [x])[0] as Node;
      });
    expect(await gradient([2, 3, 4])).toEqual([12, 8, 6]);
    expect(await gradient([2, 0, 4])).toEqual([0, 8, 0]);
    expect(await gradient([0, 3, 0])).toEqual([0, 0, 0]);
  });
});

describe("running sums", () => {
  it("go along the last axis by default, with each element in its own sum", async () => {
    const along = (shape: number[], ...rest: [] | [axis: number]) =>
      compute((g) => g.cumsum(g.constant([1, 2, 3, 4, 5, 6, 7, 8], shape), ...rest));
    expect(await along([8])).toEqual([1, 3, 6, 10, 15, 21, 28, 36]);
    expect(await along([2, 2, 2])).toEqual([1, 3, 3, 7, 5, 11, 7, 15]);
    expect(await along([2, 2, 2], 1)).toEqual([1, 2, 4, 6, 5, 6, 12, 14]);
  });
});

describe("what an op takes where nothing is said", () => {
  const values = [1, -2, 3, -4, 5, -6, 7, 8];
  const cube = (g: Graph) => g.constant(values, [2, 2, 2]);
  const first = (g: Graph) => g.gatherRows(g.constant(values, [4, 2]), g.constant([3, 0], [2], "i32"));

  it.each<[string, (g: Graph) => Node, number[]]>([
    ["argmax: the last axis", (g) => g.argmax(cube(g)), [0, 0, 0, 1]],
    ["transpose: all axes in reverse", (g) => g.transpose(cube(g)), [1, 5, 3, 7, -2, -6, -4, 8]],
    ["split: the first axis", (g) => g.split(cube(g), 2)[1] as Node, [5, -6, 7, 8]],
    ["gatherRows: unscaled", first, [7, 8, 1, -2]],
    ["pad: zeros", (g) => g.pad(g.constant([1, 2]), [[1, 1]]), [0, 1, 2, 0]],
    ["l1Norm: all, no axis kept", (g) => g.add(g.l1Norm(cube(g)), g.constant([0, 0])), [36, 36]],
    ["sum: all, no axis kept", (g) => g.add(g.sum(cube(g)), g.constant([0, 0])), [12, 12]],
  ])("%s", async (_, build, want) => expect(await compute(build)).toEqual(want));

  const pair = (g: Graph, ...shape: number[]) => g.constant([1, 3], shape);
  const [one, zero] = [(g: Graph) => g.constant([1]), (g: Graph) => g.constant([0])];

  // 1 and 3 have the mean 2 and the variance 1.
  it.each<[string, (g: Graph) => Node]>([
    ["layerNorm", (g) => g.layerNorm(pair(g, 1, 2))],
    ["groupNorm", (g) => g.groupNorm(pair(g, 1, 2), { groups: 1 })],
    ["instanceNorm", (g) => g.instanceNorm(pair(g, 1, 2, 1))],
    ["batchNorm", (g) => g.batchNorm(pair(g, 2, 1), one(g), zero(g))],
    [
      "batchNorm by given statistics",
      (g) => g.batchNorm(pair(g, 2, 1), one(g), zero(g), { mean: g.constant([2]), variance: one(g) }),
    ],
  ])("%s: an ε of 0.001", async (_, build) => {
    const [low, high] = await compute(build);
    expect(low).toBeCloseTo(-1 / Math.sqrt(1.001), 12);
    expect(high).toBeCloseTo(1 / Math.sqrt(1.001), 12);
  });

  it("layerNorm: the last axis", async () => {
    const got = await compute((g) => g.layerNorm(g.constant([1, 3, 5, 9], [2, 2]), { epsilon: 0 }));
    expect(got).toEqual([-1, 1, -1, 1]);
  });
});

describe("optimizerUpdate, three steps against the formulas written out", () => {
  it.each(optimizersOfEachKind)("%s", async (_, { rule }) => {
    const specs = [
      { name: "a", shape: [2], initial: Float64Array.of(1, -2) },
      { name: "b", shape: [1], initial: Float64Array.of(0.5) },
    ];
    const parameters = new Arena("parameters", specs);
    const step = new Variable({ name: "step", shape: [], dtype: "u32" });
    const ring = new Variable({ name: "ring", shape: [1, 1] });
    const graph = new Graph();
    const [a, b] = parameters.variables;
    // The gradient is the parameter squared: it moves with the parameters.
    const gradients = [a!, b!].map((p) => graph.mul(graph.variable(p), graph.variable(p)));
    graph.optimizerUpdate(
      graph.variable(step),
      graph.constant(constantTable(0.05), [SCHEDULE_ROWS, SCHEDULE_COLUMNS]),
      gradients,
      { rule, parameters, state: stateArenas(rule, parameters) },
    );
    graph.recordStep([graph.constant(0)], { ring, counters: [step] });
    const program = await cpu({ precision: "f64" }).compile(graph, { outputs: {} });
    const got = (await program.enqueue({ steps: 3, read: [a!, b!] })).flatMap(({ data }) => [...data]);

    const want = specs.map(({ initial }) => Float64Array.from(initial));
    const slots = want.map((values) => [...values].map(() => freshSlots(rule)));
    for (let finished = 0; finished < 3; finished++) {
      const clipped = referenceClip(
        rule,
        want.map((values) => values.map((p) => p * p)),
      );
      want.forEach((values, index) => {
        values.forEach((p, i) => {
          values[i] = referenceStep(rule, p, clipped[index]![i]!, slots[index]![i]!, finished, 0.05);
        });
      });
    }
    for (const [i, value] of want.flatMap((values) => [...values]).entries()) expect(got[i]).toBeCloseTo(value, 12);
  });
});

describe("oneHot", () => {
  it("knows a single class", async () => {
    expect(await compute((g) => g.oneHot(g.constant([0, 1, 0], [3], "i32"), 1))).toEqual([1, 0, 1]);
  });
});
