import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";

async function compute(build: (graph: Graph) => Node): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

const row = (g: Graph, ...values: number[]) => g.constant(values);

describe("padding", () => {
  it("by reflection does not repeat the border, by the edge it does", async () => {
    expect(await compute((g) => g.pad(row(g, 1, 2, 3), [[2, 2]], { mode: "reflect" }))).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(await compute((g) => g.pad(row(g, 1, 2, 3), [[1, 2]], { mode: "edge" }))).toEqual([1, 1, 2, 3, 3, 3]);
    expect(await compute((g) => g.pad(row(g, 1, 2), [[1, 2]], { value: -1 }))).toEqual([-1, 1, 2, -1, -1]);
  });

  it("of integers keeps their type", async () => {
    const g = new Graph();
    const padded = g.pad(g.input("x", [2], "i32"), [[1, 0]], { value: -1 });
    expect(padded.dtype).toBe("i32");
  });
});

describe("upsampling a row of two pixels to four", () => {
  const up = (options: Parameters<Graph["upsample2d"]>[1]) =>
    compute((g) => g.upsample2d(g.constant([0, 4], [1, 1, 2, 1]), { size: [1, 2], ...options }));

  it("repeats, or blends by pixel centres, corners, or aligned corners", async () => {
    expect(await up({})).toEqual([0, 0, 4, 4]);
    expect(await up({ interpolation: "bilinear" })).toEqual([0, 1, 3, 4]);
    expect(await up({ interpolation: "bilinear", halfPixelCenters: false })).toEqual([0, 2, 4, 4]);
    const aligned = await up({ interpolation: "bilinear", alignCorners: true });
    expect(aligned.map((value) => Math.round(value * 3e9) / 1e9)).toEqual([0, 4, 8, 12]);
  });

  it("keeps an infinite neighbour out of pixels that do not need it", async () => {
    const y = await compute((g) =>
      g.upsample2d(g.constant([1, Number.POSITIVE_INFINITY], [1, 1, 2, 1]), {
        outputSize: [1, 3],
        interpolation: "bilinear",
        alignCorners: true,
      }),
    );
    expect(y).toEqual([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});

describe("oneHot and argmax", () => {
  it("are each other's inverse, and numbers out of range give zeros", async () => {
    const hot = (g: Graph) => g.oneHot(g.constant([2, -1, 0, 3], [4], "i32"), 3);
    expect(await compute(hot)).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect(await compute((g) => g.argmax(hot(g)))).toEqual([2, 0, 0, 0]);
    expect(await compute((g) => g.argmax(hot(g), 0))).toEqual([2, 0, 0]);
  });
});

describe("shape ops refuse", () => {
  const x = (g: Graph) => g.input("x", [2, 3]);
  it.each<[string, (g: Graph) => unknown, RegExp]>([
    ["a slice beyond the end", (g) => g.slice(x(g), [0, 2], [2, 2]), /2 elements from 2 on do not lie within axis 1/],
    [
      "a slice with a size too few",
      (g) => g.slice(x(g), [0], [1]),
      /begin wants a whole number of at least 0 for each/,
    ],
    ["parts that differ elsewhere", (g) => g.concat([x(g), g.input("y", [3, 3])], 1), /differ in more than axis 1/],
    ["nothing to concatenate", (g) => g.concat([], 0), /got no tensor/],
    ["a split that leaves a rest", (g) => g.split(x(g), [1, 1], 1), /parts of \[1, 1\] do not make up axis 1/],
    ["an uneven split", (g) => g.split(x(g), 2, 1), /whole number/],
    [
      "a reflection of all there is",
      (g) =>
        g.pad(
          x(g),
          [
            [2, 0],
            [0, 0],
          ],
          { mode: "reflect" },
        ),
      /cannot reflect \[2, 0\]/,
    ],
    [
      "an unknown mode",
      (g) =>
        g.pad(
          x(g),
          [
            [1, 0],
            [0, 0],
          ],
          { mode: "wrap" as "edge" },
        ),
      /"constant", "reflect" or "edge"/,
    ],
    ["padding of fewer axes", (g) => g.pad(x(g), [[1, 0]]), /wants \[before, after\] for each axis of \[2, 3\]/],
    ["an image of two axes", (g) => g.upsample2d(x(g), { size: [2, 2] }), /wants \[batch, height, width, channels\]/],
    ["no size", (g) => g.upsample2d(g.input("i", [1, 2, 2, 1]), {}), /must give at least one pixel/],
    ["a float index", (g) => g.oneHot(x(g), 3), /wants i32 as indices, got f32/],
  ])("%s", (_, build, message) => {
    expect(() => build(new Graph())).toThrow(message);
  });
});
