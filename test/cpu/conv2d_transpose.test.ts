import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.ts";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { RandomData } from "../support/random.ts";

async function compute(build: (graph: Graph) => Node): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu().compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

type Options = Parameters<Graph["conv2dTranspose"]>[2];

const shapeOf = (input: readonly number[], filter: readonly number[], options?: Options) => {
  const graph = new Graph();
  return graph.conv2dTranspose(graph.input("x", input), graph.input("w", filter), options).shape;
};

describe("conv2dTranspose", () => {
  it("lays the filter down a stride apart and adds what overlaps", async () => {
    const row = (options: Options) =>
      compute((g) =>
        g.conv2dTranspose(g.constant([1, 10], [1, 1, 2, 1]), g.constant([1, 2, 3], [1, 3, 1, 1]), options),
      );
    expect(await row({})).toEqual([1, 12, 23, 30]);
    expect(await row({ strides: [1, 2] })).toEqual([1, 2, 13, 20, 30]);
    expect(await row({ strides: [1, 2], padding: "same" })).toEqual([1, 2, 13, 20]);
    expect(await row({ strides: [1, 2], outputPadding: [0, 1] })).toEqual([1, 2, 13, 20, 30, 0]);
    expect(await row({ dilations: [1, 2] })).toEqual([1, 10, 2, 20, 3, 30]);
    const cropped: Options = {
      padding: [
        [0, 0],
        [1, 0],
      ],
    };
    expect(await row(cropped)).toEqual([12, 23, 30]);
  });

  // Sizes that keras.layers.Conv2DTranspose documents: deconv_length in keras/src/backend/common.
  it("gives Keras' sizes", () => {
    const x = [2, 5, 7, 4];
    expect(shapeOf(x, [3, 3, 6, 4], { strides: [2, 2], padding: "same" })).toEqual([2, 10, 14, 6]);
    expect(shapeOf(x, [3, 3, 6, 4], { strides: [2, 2], padding: "valid" })).toEqual([2, 11, 15, 6]);
    expect(shapeOf(x, [2, 2, 6, 4], { strides: [3, 3], padding: "valid" })).toEqual([2, 15, 21, 6]);
    expect(shapeOf(x, [3, 3, 6, 4], { strides: [2, 2], padding: "same", outputPadding: [0, 1] })).toEqual([
      2, 9, 14, 6,
    ]);
    expect(shapeOf(x, [3, 3, 6, 4], { strides: [2, 2], padding: "valid", outputPadding: [1, 1] })).toEqual([
      2, 12, 16, 6,
    ]);
    expect(shapeOf(x, [3, 3, 6, 4], { dilations: [2, 2], padding: "valid" })).toEqual([2, 9, 11, 6]);
    expect(shapeOf(x, [3, 3, 3, 4], { groups: 2, padding: "same" })).toEqual([2, 5, 7, 6]);
  });

  it("keeps groups apart: one call is as many calls side by side", async () => {
    const random = new RandomData(7);
    const [x, w] = [random.integers(2 * 3 * 4 * 4), random.integers(3 * 2 * 3 * 4)];
    const options: Options = { strides: [2, 1], padding: "same" };
    const both = (build: (g: Graph, x: Node, w: Node) => Node) =>
      compute((g) => build(g, g.constant(x, [2, 3, 4, 4]), g.constant(w, [3, 2, 3, 4])));
    const grouped = await both((g, image, filter) => g.conv2dTranspose(image, filter, { ...options, groups: 2 }));
    const apart = await both((g, image, filter) => {
      const [images, filters] = [g.split(image, [2, 2], 3), g.split(filter, [2, 2], 3)];
      return g.concat(
        images.map((one, group) => g.conv2dTranspose(one, filters[group] as Node, options)),
        3,
      );
    });
    expect(grouped).toEqual(apart);
  });

  it.each<[string, () => unknown, typeof ShapeError | typeof ArgumentError, RegExp]>([
    ["an image without channels", () => shapeOf([1, 2, 2], [1, 1, 1, 1]), ShapeError, /wants an input \[batch/],
    ["a filter of other channels", () => shapeOf([1, 2, 2, 3], [1, 1, 3, 2]), ShapeError, /with inChannels 3/],
    [
      "groups that leave a rest",
      () => shapeOf([1, 2, 2, 3], [1, 1, 1, 3], { groups: 2 }),
      ArgumentError,
      /divides the 3/,
    ],
    [
      "outputPadding of a whole stride",
      () => shapeOf([1, 2, 2, 1], [3, 3, 1, 1], { strides: [2, 2], outputPadding: [2, 0] }),
      ArgumentError,
      /outputPadding 2 along height must be less than the stride 2/,
    ],
    [
      "a size that no convolution with same padding has",
      () => shapeOf([1, 2, 2, 1], [2, 2, 1, 1], { strides: [2, 2], padding: "same", outputPadding: [0, 0] }),
      ArgumentError,
      /Leave outputPadding out/,
    ],
    [
      "padding that crops everything",
      () =>
        shapeOf([1, 1, 5, 1], [3, 3, 1, 1], {
          padding: [
            [2, 1],
            [0, 0],
          ],
        }),
      ShapeError,
      /crops everything/,
    ],
    [
      "strides of zero",
      () => shapeOf([1, 1, 5, 1], [1, 1, 1, 1], { strides: [0, 1] }),
      ArgumentError,
      /strides must be/,
    ],
  ])("refuses %s", (_, build, kind, message) => {
    expect(build).toThrow(kind);
    expect(build).toThrow(message);
  });
});

describe("depthwiseConv2d", () => {
  it("convolves every channel by itself: filter m of channel i makes channel i · multiplier + m", async () => {
    const y = await compute((g) =>
      g.depthwiseConv2d(g.constant([1, 2, 3, 4], [1, 1, 2, 2]), g.constant([1, 10, 5, 7, 100, 0, 0, 1], [1, 2, 2, 2])),
    );
    // Channel 0 holds 1, 3, its filters are 1, 100 and 10, 0; channel 1 holds 2, 4 with 5, 0 and 7, 1.
    expect(y).toEqual([301, 10, 10, 18]);
  });

  it("refuses filters of other channels", () => {
    const build = () => {
      const graph = new Graph();
      return graph.depthwiseConv2d(graph.input("x", [1, 4, 4, 3]), graph.input("w", [3, 3, 2, 1]));
    };
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(/\[kh, kw, channels, multiplier\]/);
  });
});
