import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.ts";
import { constantTable, SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../src/core/schedule.ts";
import { poolGeometry } from "../../src/core/window_geometry.ts";
import { Arena, type Node, Variable } from "../../src/graph/node.ts";
import { avgPool2dGradientOp } from "../../src/graph/ops/avg_pool2d.ts";
import { maxPool2dGradientOp } from "../../src/graph/ops/max_pool2d_gradient.ts";
import { Graph } from "../../src/graph.ts";
import { sgd } from "../../src/nn/optimizers.ts";
import { checkTensorShape } from "../../src/nn/symbolic_tensor.ts";

const of =
  (shape: number[], ...rest: number[][]) =>
  (build: (graph: Graph, ...nodes: [Node, Node, Node]) => Node) => {
    const graph = new Graph();
    const nodes = [shape, ...rest].map((one, i) => graph.input(`x${i}`, one));
    return build(graph, ...(nodes as [Node, Node, Node])).shape;
  };

describe("a confusion matrix", () => {
  it("wants labels and predictions as one row of whole numbers each", () => {
    const build = (labels: [number[], "i32" | "f32"], predictions: [number[], "i32" | "f32"]) => () => {
      const graph = new Graph();
      const [a, b] = [graph.input("labels", ...labels), graph.input("predictions", ...predictions)];
      return graph.confusionMatrix(a, b, 3).shape;
    };
    expect(build([[4], "i32"], [[4], "i32"])()).toEqual([3, 3]);
    for (const wrong of [build([[4], "i32"], [[5], "i32"]), build([[4, 1], "i32"], [[4, 1], "i32"])]) {
      expect(wrong).toThrow(/wants labels and predictions \[batch\]/);
      expect(wrong).toThrow(ShapeError);
    }
  });
});

describe("shapes of results", () => {
  it.each([
    ["conv2d valid", of([2, 7, 8, 3], [3, 3, 3, 5])((g, x, w) => g.conv2d(x, w)), [2, 5, 6, 5]],
    ["conv2d same", of([2, 7, 8, 3], [3, 3, 3, 5])((g, x, w) => g.conv2d(x, w, { padding: "same" })), [2, 7, 8, 5]],
    [
      "conv2d same, stride 2",
      of([1, 7, 8, 3], [2, 2, 3, 1])((g, x, w) => g.conv2d(x, w, { padding: "same", strides: [2, 2] })),
      [1, 4, 4, 1],
    ],
    [
      "conv2d dilated",
      of([1, 7, 9, 1], [3, 3, 1, 1])((g, x, w) => g.conv2d(x, w, { dilations: [2, 3] })),
      [1, 3, 3, 1],
    ],
    ["conv2d in groups", of([1, 4, 4, 6], [1, 1, 2, 9])((g, x, w) => g.conv2d(x, w, { groups: 3 })), [1, 4, 4, 9]],
    [
      "conv2d padded by hand",
      of(
        [1, 4, 4, 1],
        [3, 3, 1, 1],
      )((g, x, w) =>
        g.conv2d(x, w, {
          padding: [
            [1, 0],
            [2, 3],
          ],
        }),
      ),
      [1, 3, 7, 1],
    ],
    [
      "conv2d, stride beyond the kernel",
      of([1, 9, 9, 1], [1, 1, 1, 1])((g, x, w) => g.conv2d(x, w, { strides: [4, 5] })),
      [1, 3, 2, 1],
    ],
    ["maxPool2d", of([1, 7, 7, 3])((g, x) => g.maxPool2d(x, { size: [2, 2] })), [1, 3, 3, 3]],
    ["maxPool2d, ceil", of([1, 7, 7, 3])((g, x) => g.maxPool2d(x, { size: [2, 2], ceilMode: true })), [1, 4, 4, 3]],
    [
      "avgPool2d, ceil, a window that hangs over a smaller input",
      of([2, 1, 11, 3])((g, x) => g.avgPool2d(x, { size: [3, 1], strides: [3, 2], ceilMode: true })),
      [2, 1, 6, 3],
    ],
    [
      "maxPool2d, ceil, no window that starts in padding",
      of([1, 2, 2, 1])((g, x) =>
        g.maxPool2d(x, {
          size: [2, 2],
          strides: [2, 2],
          padding: [
            [1, 1],
            [1, 1],
          ],
          ceilMode: true,
        }),
      ),
      [1, 2, 2, 1],
    ],
    ["batchNorm", of([2, 4, 5, 3], [3], [3])((g, x, gamma, beta) => g.batchNorm(x, gamma, beta)), [2, 4, 5, 3]],
    ["movingAverage", of([3], [3])((g, old, value) => g.movingAverage(old, value, 0.9)), [3]],
    ["movingAverage that keeps the old", of([3], [3])((g, old, value) => g.movingAverage(old, value, 1)), [3]],
    ["upsample2d by 1.5 of 3", of([1, 3, 4, 2])((g, x) => g.upsample2d(x, { size: [1.5, 1.5] })), [1, 4, 6, 2]],
    ["matmul", of([2, 3], [3, 4])((g, a, b) => g.matmul(a, b)), [2, 4]],
    [
      "matmul, both turned",
      of([3, 2], [4, 3])((g, a, b) => g.matmul(a, b, { transposeA: true, transposeB: true })),
      [2, 4],
    ],
    ["add", of([2, 1, 3], [4, 1])((g, a, b) => g.add(a, b)), [2, 4, 3]],
    ["sum of all", of([2, 3])((g, x) => g.sum(x)), []],
    ["mean over −1", of([2, 3])((g, x) => g.mean(x, -1)), [2]],
    ["max, dims kept", of([2, 3])((g, x) => g.max(x, [0], true)), [1, 3]],
    ["reshape", of([2, 6])((g, x) => g.reshape(x, [3, 4])), [3, 4]],
    ["transpose", of([2, 3, 4])((g, x) => g.transpose(x)), [4, 3, 2]],
    ["broadcastTo", of([3, 1])((g, x) => g.broadcastTo(x, [2, 3, 4])), [2, 3, 4]],
    ["argmax", of([2, 3])((g, x) => g.argmax(x)), [2]],
    ["softmaxCrossEntropy", of([4, 3], [4, 3])((g, x, y) => g.softmaxCrossEntropy(x, y)), []],
    [
      "softmaxCrossEntropy a row",
      of([4, 3], [4, 3])((g, x, y) => g.softmaxCrossEntropy(x, y, { reduction: "none" })),
      [4],
    ],
  ])("%s", (_, got, want) => expect(got).toEqual(want));
});

describe("shapes that do not fit are refused with both shapes", () => {
  const i32 = (g: Graph, shape: number[]) => g.input(`labels${g.nodes.length}`, shape, "i32");

  it.each<[string, () => unknown, RegExp]>([
    [
      "channels",
      () => of([1, 4, 4, 3], [3, 3, 2, 5])((g, x, w) => g.conv2d(x, w)),
      /\[1, 4, 4, 3\] has 3 channels.*\[3, 3, 2, 5\].*wants 2/,
    ],
    [
      "groups that do not divide",
      () => of([1, 4, 4, 2], [1, 1, 1, 3])((g, x, w) => g.conv2d(x, w, { groups: 2 })),
      /3 filters cannot be split into 2/,
    ],
    [
      "a kernel beyond the image",
      () => of([1, 2, 9, 1], [3, 3, 1, 1])((g, x, w) => g.conv2d(x, w)),
      /window of 3 along height does not fit into 2/,
    ],
    [
      "an image without batch",
      () => of([4, 4, 1], [3, 3, 1, 1])((g, x, w) => g.conv2d(x, w)),
      /\[batch, height, width, channels\], got \[4, 4, 1\]/,
    ],
    ["a filter of rank 3", () => of([1, 4, 4, 1], [3, 3, 1])((g, x, w) => g.conv2d(x, w)), /got \[3, 3, 1\]/],
    [
      "pool padding as wide as the window",
      () =>
        of([1, 4, 4, 1])((g, x) =>
          g.maxPool2d(x, {
            size: [2, 2],
            padding: [
              [2, 0],
              [0, 0],
            ],
          }),
        ),
      /nothing but padding in row 0 of the result for \[1, 4, 4, 1\]/,
    ],
    [
      "a dilated pool that steps over the input",
      () => of([1, 4, 1, 1])((g, x) => g.maxPool2d(x, { size: [1, 2], dilations: [1, 4], padding: "same" })),
      /nothing but padding in column 0/,
    ],
    [
      "a gamma of other channels",
      () => of([2, 4, 4, 3], [4], [3])((g, x, gamma, beta) => g.batchNorm(x, gamma, beta)),
      /gamma of \[2, 4, 4, 3\] must be \[3\], got \[4\]/,
    ],
    [
      "given statistics of other channels",
      () => of([2, 3], [3], [1])((g, x, mean, variance) => g.batchNorm(x, mean, mean, { mean, variance })),
      /variance of \[2, 3\] must be \[3\], got \[1\]/,
    ],
    [
      "batch normalisation of a vector",
      () => of([3], [3], [3])((g, x, gamma, beta) => g.batchNorm(x, gamma, beta)),
      /wants \[batch, …, channels\], got \[3\]/,
    ],
    [
      "labels of another batch to leave images out",
      () => of([2, 3], [3], [3])((g, x, gamma, beta) => g.batchNorm(x, gamma, beta, { labels: i32(g, [3]) })),
      /labels of \[2, 3\] must be \[2\], got \[3\]/,
    ],
    [
      "a moving average of another shape",
      () => of([2], [3])((g, old, value) => g.movingAverage(old, value, 0.9)),
      /one shape, got \[2\] and \[3\]/,
    ],
    ["inner sizes", () => of([2, 3], [4, 5])((g, a, b) => g.matmul(a, b)), /inner sizes of \[2, 3\] and \[4, 5\]/],
    ["matrices of rank 3", () => of([2, 3, 1], [4, 5])((g, a, b) => g.matmul(a, b)), /two matrices/],
    [
      "extents that do not broadcast",
      () => of([2, 3], [2])((g, a, b) => g.add(a, b)),
      /\[2, 3\] and \[2\] do not broadcast/,
    ],
    ["other element counts", () => of([2, 3])((g, x) => g.reshape(x, [4])), /\[2, 3\] and \[4\] hold different/],
    ["axes named twice", () => of([2, 3])((g, x) => g.transpose(x, [0, 0])), /\[0, 0\] is not an order/],
    ["an axis that is not there", () => of([2, 3])((g, x) => g.sum(x, 2)), /axis 2 does not exist/],
    ["a stretch to fewer elements", () => of([3])((g, x) => g.broadcastTo(x, [1])), /does not stretch/],
    [
      "labels of another batch",
      () => of([4, 3])((g, x) => g.softmaxCrossEntropy(x, i32(g, [5]))),
      /got \[4, 3\] and i32 \[5\]/,
    ],
    [
      "a window that ends before the input, ceil or not",
      () => of([1, 1, 9, 1])((g, x) => g.maxPool2d(x, { size: [3, 3], strides: [2, 2], ceilMode: true })),
      /window of 3 along height does not fit into 1/,
    ],
    ["an extent of zero", () => new Graph().input("x", [2, 0]), /whole number of at least 1, got \[2, 0\]/],
    [
      "a constant of another length",
      () => new Graph().constant([1, 2, 3], [2]),
      /\[2\] holds 2 values, the array has 3/,
    ],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(ShapeError);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "a stride of zero",
      () => of([1, 4, 4, 1], [1, 1, 1, 1])((g, x, w) => g.conv2d(x, w, { strides: [0, 1] })),
      /strides must be two whole numbers/,
    ],
    [
      "negative padding",
      () =>
        of(
          [1, 4, 4, 1],
          [1, 1, 1, 1],
        )((g, x, w) =>
          g.conv2d(x, w, {
            padding: [
              [-1, 0],
              [0, 0],
            ],
          }),
        ),
      /padding \[top, bottom\]/,
    ],
    [
      "half a group",
      () => of([1, 4, 4, 1], [1, 1, 1, 1])((g, x, w) => g.conv2d(x, w, { groups: 0.5 })),
      /groups must be a whole number/,
    ],
    [
      "a second input of the same name",
      () => {
        const g = new Graph();
        g.input("x", [1]);
        g.input("x", [1]);
      },
      /already has an input "x"/,
    ],
    [
      "a mean without a variance",
      () => of([2, 3], [3])((g, x, mean) => g.batchNorm(x, mean, mean, { mean })),
      /give both mean and variance, or neither/,
    ],
    [
      "a negative epsilon",
      () => of([2, 3], [3])((g, x, gamma) => g.batchNorm(x, gamma, gamma, { epsilon: -1 })),
      /epsilon must be a number of at least 0, got -1/,
    ],
    [
      "a momentum above 1",
      () => of([2], [2])((g, old, value) => g.movingAverage(old, value, 1.5)),
      /momentum must lie in \[0, 1\], got 1.5/,
    ],
    ["a node of another graph", () => new Graph().relu(new Graph().input("x", [1])), /another graph/],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(ArgumentError);
  });

  it("holds 2³² elements, and no more", () => {
    expect(of([2 ** 16, 1])((g, x) => g.broadcastTo(x, [2 ** 16, 2 ** 16]))).toEqual([2 ** 16, 2 ** 16]);
    const more = () => of([2 ** 16, 1])((g, x) => g.broadcastTo(x, [2 ** 16, 2 ** 16 + 1]));
    expect(more).toThrow(/the result \[65536, 65537\] holds more than 2³² elements/);
    expect(more).toThrow(ShapeError);
    expect(() => checkTensorShape("x", [2 ** 31, 2])).not.toThrow();
    expect(() => checkTensorShape("x", [2 ** 31, 3])).toThrow(/holds more than 2³² values/);
  });

  it("names the layer that the op belongs to", () => {
    const g = new Graph();
    expect(() => g.inLayer("stem", () => g.add(g.input("a", [2]), g.input("b", [3])))).toThrow(/layer "stem": add/);
  });

  it("checks what is assigned to a variable", () => {
    const g = new Graph();
    const variable = new Variable({ name: "v", shape: [2] });
    expect(() => g.assign(variable, g.constant([1, 2, 3]))).toThrow(
      /variable "v" is f32 \[2\], the value is f32 \[3\]/,
    );
  });

  it("checks an update's gradients against its parameters", () => {
    const g = new Graph();
    const parameters = new Arena("p", [{ name: "w", shape: [2] }]);
    const { rule } = sgd();
    const schedule = g.constant(constantTable(0.1), [SCHEDULE_ROWS, SCHEDULE_COLUMNS]);
    const update = (shape: number[], rate = schedule) =>
      g.optimizerUpdate(g.constant([0], [], "u32"), rate, [g.constant(new Array(shape[0]).fill(0))], {
        rule,
        parameters,
        state: [],
      });
    expect(() => update([2], g.constant(0.1))).toThrow(/wants a schedule \(f32 \[16, 8\]/);
    expect(() => update([3])).toThrow(/gradient of "w" is \[3\], not \[2\]/);
    expect(() => update([2])).not.toThrow();
  });
});

describe("every half of a check refuses alone", () => {
  const i32 = (g: Graph, shape: number[]) => g.input(`i${g.nodes.length}`, shape, "i32");
  const geometry = poolGeometry("pool", [1, 4, 4, 2], {
    size: [2, 2],
    strides: [2, 2],
    padding: "valid",
    dilations: [1, 1],
    ceilMode: false,
  });
  const maxGradient = (x: number[], upstream: number[]) =>
    of(x, upstream)((g, a, b) => g.addNode(maxPool2dGradientOp, [a, b], { geometry }));
  const averageGradient = (upstream: number[]) =>
    of(upstream)((g, a) => g.addNode(avgPool2dGradientOp, [a], { geometry, countIncludePad: false }));
  const record = (ring: { shape?: number[]; dtype?: "u32" }, counters: Variable[]) => {
    const graph = new Graph();
    const variable = new Variable({ name: "ring", shape: [2, 3], ...ring });
    return graph.recordStep([graph.constant(1), graph.constant([2, 3])], { ring: variable, counters });
  };
  const count = new Variable({ name: "count", shape: [], dtype: "u32" });

  it("and what fits passes", () => {
    expect(maxGradient([1, 4, 4, 2], [1, 2, 2, 2])).toEqual([1, 4, 4, 2]);
    expect(averageGradient([1, 2, 2, 2])).toEqual([1, 4, 4, 2]);
    expect(() => record({}, [count, count])).not.toThrow();
  });

  const rings = /3 f32 values a step do not fit a ring/;
  const counters = /wants at least one counter, all u32 scalars/;
  it.each<[string, () => unknown, RegExp]>([
    ["a max-pool's gradient, input", () => maxGradient([1, 4, 5, 2], [1, 2, 2, 2]), /got \[1, 4, 5, 2\]/],
    ["a max-pool's gradient, upstream", () => maxGradient([1, 4, 4, 2], [1, 2, 3, 2]), /and \[1, 2, 3, 2\]/],
    ["an average pool's gradient", () => averageGradient([1, 2, 3, 2]), /wants \[1, 2, 2, 2\], got \[1, 2, 3, 2\]/],
    ["a ring of whole numbers", () => record({ dtype: "u32" }, [count]), rings],
    ["a ring that is a row", () => record({ shape: [3] }, [count]), rings],
    ["a ring of other rows", () => record({ shape: [2, 4] }, [count]), rings],
    ["no counter", () => record({}, []), counters],
    ["a counter of f32", () => record({}, [new Variable({ name: "c", shape: [] })]), counters],
    [
      "a second counter of two",
      () => record({}, [count, new Variable({ name: "c", shape: [2], dtype: "u32" })]),
      counters,
    ],
    ["logits of rank 1", () => of([4])((g, x) => g.countCorrect(x, i32(g, [4]))), /wants logits \[batch, classes\]/],
    ["labels of another batch", () => of([4, 3])((g, x) => g.countCorrect(x, i32(g, [5]))), /\[4, 3\] and \[5\]/],
    ["labels of rank 2", () => of([4, 3])((g, x) => g.countCorrect(x, i32(g, [4, 1]))), /\[4, 3\] and \[4, 1\]/],
    ["losses of rank 1", () => of([4])((g, x) => g.softmaxCrossEntropy(x, i32(g, [4]))), /got \[4\] and i32 \[4\]/],
    ["row numbers of rank 2", () => of([4, 3])((g, x) => g.gatherRows(x, i32(g, [2, 1]))), /and \[2, 1\]/],
    ["a table without rows", () => of([])((g, x) => g.gatherRows(x, i32(g, [2]))), /got \[\] and \[2\]/],
    ["a second matrix of rank 3", () => of([2, 3], [3, 4, 1])((g, a, b) => g.matmul(a, b)), /two matrices/],
    ["an order of too few axes", () => of([2, 3])((g, x) => g.transpose(x, [0])), /\[0\] is not an order/],
    ["parts of another rank", () => of([2, 3], [2])((g, a, b) => g.concat([a, b], 0)), /differ in more than axis 0/],
    [
      "parts of another extent",
      () => of([2, 3], [2, 4])((g, a, b) => g.concat([a, b], 0)),
      /differ in more than axis 0/,
    ],
    ["parts of another type", () => of([2])((g, x) => g.concat([x, i32(g, [2])], 0)), /f32 \[2\] and i32 \[2\] differ/],
    ["depthwise, an image", () => of([4, 4, 2], [1, 1, 2, 1])((g, x, w) => g.depthwiseConv2d(x, w)), /got \[4, 4, 2\]/],
    ["depthwise, a filter", () => of([1, 4, 4, 2], [1, 1, 2])((g, x, w) => g.depthwiseConv2d(x, w)), /and \[1, 1, 2\]/],
    [
      "depthwise, other channels",
      () => of([1, 4, 4, 2], [1, 1, 3, 1])((g, x, w) => g.depthwiseConv2d(x, w)),
      /and \[1, 1, 3, 1\]/,
    ],
    [
      "images without a batch to move",
      () => of([4, 4, 1])((g, x) => g.randomAffine(x, g.constant(0, [], "u32"), { seed: 1 })),
      /got \[4, 4, 1\] and \[\]/,
    ],
    [
      "two batch numbers",
      () => of([1, 4, 4, 1])((g, x) => g.randomAffine(x, g.constant([0, 1], [2], "u32"), { seed: 1 })),
      /and \[2\]/,
    ],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(ShapeError);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["no classes", () => new Graph().oneHot(i32(new Graph(), [2]), 0), /depth must be a whole number/],
    ["half a class", () => new Graph().oneHot(i32(new Graph(), [2]), 1.5), /depth must be a whole number/],
    ["padding of one axis of two", () => of([2, 3])((g, x) => g.pad(x, [[1, 1]])), /\[before, after\] for each axis/],
    ["half an element", () => of([2])((g, x) => g.pad(x, [[0.5, 1]])), /\[before, after\] for each axis/],
    ["less than none", () => of([2])((g, x) => g.pad(x, [[0, -1]])), /\[before, after\] for each axis/],
    ["no pixel", () => of([1, 4, 4, 1])((g, x) => g.upsample2d(x, { outputSize: [4, 0] })), /at least one pixel/],
    ["half a pixel", () => of([1, 4, 4, 1])((g, x) => g.upsample2d(x, { outputSize: [4, 2.5] })), /at least one pixel/],
  ])("%s", (_, build, message) => {
    expect(build).toThrow(message);
    expect(build).toThrow(ArgumentError);
  });
});

describe("an arena", () => {
  it("starts each variable at a multiple of 64 elements", () => {
    const arena = new Arena("p", [
      { name: "a", shape: [65] },
      { name: "b", shape: [] },
      { name: "c", shape: [64] },
    ]);
    expect(arena.offsets).toEqual([0, 128, 192]);
    expect(arena.size).toBe(256);
  });
});

describe("gradients are refused", () => {
  it("of something that is no scalar, without a seed", () => {
    const g = new Graph();
    const x = g.input("x", [2]);
    expect(() => g.gradients(g.relu(x), [x])).toThrow(/y has shape \[2\]; differentiate a scalar/);
  });

  it("with a seed of another shape", () => {
    const g = new Graph();
    const x = g.input("x", [2]);
    expect(() => g.gradients(g.relu(x), [x], g.constant([1, 2, 3]))).toThrow(/the seed has shape \[3\], y has \[2\]/);
  });

  it("through an op that has none, naming it", () => {
    const g = new Graph();
    const x = g.input("x", [1, 2, 2, 1]);
    const [dx] = g.gradients(g.sum(g.maxPool2d(x, { size: [2, 2] })), [x]);
    expect(() => g.gradients(g.sum(dx!), [x])).toThrow(/"maxPool2dGradient" has no gradient; put stopGradient/);
  });
});
