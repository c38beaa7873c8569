import type { Padding } from "../../src/core/window_geometry.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Upsample2dOptions } from "../../src/graph/ops/upsample2d.ts";
import { Graph } from "../../src/graph.ts";
import type { RandomData } from "./random.ts";

/** An op at a random shape: what central differences and the comparison of backends both need. */
export interface ShapeCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  build(graph: Graph, inputs: readonly Node[]): Node;
  /** Values are not whole although the inputs are: how many products make one up. */
  readonly sumLength?: number;
  /** Relative error of functions on the way, in units of 2⁻²⁴. */
  readonly functionError?: number;
}

const extent = (random: RandomData) => random.pick([1, 2, 3, 4, 5, 8]);

function shapeOf(random: RandomData, least: number, most: number): number[] {
  return Array.from({ length: random.integer(least, most) }, () => extent(random));
}

function upsampling(random: RandomData, options: Upsample2dOptions): ShapeCase {
  const shape = [random.integer(1, 2), random.integer(1, 5), random.integer(1, 5), random.pick([1, 3, 4])];
  const pair = (least: number, most: number) => [random.integer(least, most), random.integer(least, most)] as const;
  const scaled = random.uniform() < 0.6 ? { ...options, size: pair(1, 3) } : { ...options, outputSize: pair(1, 9) };
  return {
    name: JSON.stringify({ shape, ...scaled }),
    shapes: [shape],
    build: (graph, [x]) => graph.upsample2d(x as Node, scaled),
    ...(options.interpolation === "bilinear" ? { sumLength: 16 } : {}),
  };
}

/** A transposed convolution of few operations: any kernel, stride, dilation, padding, outputPadding and grouping that fits. */
function transposedConv(random: RandomData): ShapeCase {
  for (;;) {
    const groups = random.pick([1, 1, 2, 3]);
    const [inChannels, groupOut] = [groups * random.pick([1, 2, 3, 4]), random.pick([1, 2, 3, 4, 5])];
    const pair = (least: number, most: number) => [random.integer(least, most), random.integer(least, most)] as const;
    const shape = [random.integer(1, 2), ...pair(1, 4), inChannels];
    const filter = [...pair(1, 4), groupOut, inChannels];
    const options = {
      strides: pair(1, 3),
      dilations: random.pick([[1, 1] as const, pair(1, 2)]),
      padding: random.pick<Padding>(["same", "valid", [pair(0, 2), pair(0, 2)]]),
      groups,
      ...(random.uniform() < 0.5 ? { outputPadding: pair(0, 1) } : {}),
    };
    try {
      const trial = new Graph();
      trial.conv2dTranspose(trial.input("x", shape), trial.input("w", filter), options);
    } catch {
      // Everything is cropped, or outputPadding is too large: draw again.
      continue;
    }
    return {
      name: JSON.stringify({ shape, filter, ...options }),
      shapes: [shape, filter],
      build: (graph, [x, w]) => graph.conv2dTranspose(x as Node, w as Node, options),
    };
  }
}

/** A depthwise convolution of few operations, with one to three filters a channel. */
function depthwiseConv(random: RandomData): ShapeCase {
  const channels = random.pick([1, 2, 3, 4, 5, 8]);
  const filter = [random.integer(1, 3), random.integer(1, 3), channels, random.integer(1, 3)];
  const shape = [random.integer(1, 2), random.integer(3, 7), random.integer(3, 7), channels];
  const options = {
    strides: [random.pick([1, 1, 2, 3]), random.pick([1, 1, 2, 3])] as const,
    dilations: random.pick([[1, 1] as const, [1, 1] as const, [2, 3] as const]),
    padding: "same" as const,
  };
  return {
    name: JSON.stringify({ shape, filter, ...options }),
    shapes: [shape, filter],
    build: (graph, [x, w]) => graph.depthwiseConv2d(x as Node, w as Node, options),
  };
}

export const SHAPE_CASES: Readonly<Record<string, (random: RandomData) => ShapeCase>> = {
  concat(random) {
    const shape = shapeOf(random, 1, 4);
    const axis = random.integer(0, shape.length - 1);
    const shapes = Array.from({ length: random.integer(1, 4) }, () => shape.with(axis, extent(random)));
    return {
      name: `${shapes.join(" and ")} along ${axis}`,
      shapes,
      build: (graph, parts) => graph.concat(parts, axis - shape.length),
    };
  },
  slice(random) {
    const shape = shapeOf(random, 1, 4);
    const begin = shape.map((size) => random.integer(0, size - 1));
    const size = shape.map((whole, axis) => random.integer(1, whole - (begin[axis] as number)));
    const strides = shape.map(() => random.pick([1, 1, 2, 3]));
    return {
      name: `${shape} from ${begin}, ${size} by ${strides}`,
      shapes: [shape],
      build: (graph, [x]) => graph.slice(x as Node, begin, size, strides),
    };
  },
  "split, its parts scaled and put together in reverse order"(random) {
    const shape = shapeOf(random, 1, 4);
    const axis = random.integer(0, shape.length - 1);
    const sizes = Array.from({ length: random.integer(1, 3) }, () => extent(random));
    const whole = shape.with(
      axis,
      sizes.reduce((a, b) => a + b, 0),
    );
    return {
      name: `${whole} along ${axis} into ${sizes}`,
      shapes: [whole],
      build: (graph, [x]) =>
        graph.concat(
          graph
            .split(x as Node, sizes, axis)
            .map((part, index) => graph.mul(part, index + 1))
            .reverse(),
          axis,
        ),
    };
  },
  ...Object.fromEntries(
    (["constant", "reflect", "edge"] as const).map((mode) => [
      `pad, ${mode}`,
      (random: RandomData): ShapeCase => {
        const shape = shapeOf(random, 1, 4);
        const amount = (size: number) => random.integer(0, mode === "reflect" ? Math.min(3, size - 1) : 3);
        const paddings = shape.map((size) => [amount(size), amount(size)] as const);
        return {
          name: `${shape} by ${JSON.stringify(paddings)}`,
          shapes: [shape],
          build: (graph, [x]) => graph.pad(x as Node, paddings, { mode, value: 7 }),
        };
      },
    ]),
  ),
  "upsample2d, nearest": (random) => upsampling(random, { interpolation: "nearest" }),
  "upsample2d, nearest from the corners": (random) =>
    upsampling(random, { interpolation: "nearest", halfPixelCenters: false }),
  "upsample2d, bilinear": (random) => upsampling(random, { interpolation: "bilinear" }),
  "upsample2d, bilinear from the corners": (random) =>
    upsampling(random, { interpolation: "bilinear", halfPixelCenters: false }),
  "upsample2d, bilinear with corners aligned": (random) =>
    upsampling(random, { interpolation: "bilinear", alignCorners: true }),
  conv2dTranspose: transposedConv,
  depthwiseConv2d: depthwiseConv,
  gatherRows(random) {
    const table = [random.integer(1, 6), ...shapeOf(random, 0, 2)];
    const rows = Array.from({ length: random.integer(1, 9) }, () => random.integer(-1, (table[0] as number) - 1));
    return {
      name: `${table} at ${rows}`,
      shapes: [table],
      build: (graph, [x]) => graph.gatherRows(x as Node, graph.constant(rows, [rows.length], "i32"), { scale: 0.5 }),
    };
  },
  ...Object.fromEntries(
    [false, true].map((countIncludePad) => [
      `avgPool2d${countIncludePad ? ", padding counted" : ""}`,
      (random: RandomData): ShapeCase => {
        const { input, options } = random.pool({ most: 8 });
        return {
          name: JSON.stringify({ input, ...options }),
          shapes: [input],
          build: (graph, [x]) => graph.avgPool2d(x as Node, { ...options, countIncludePad }),
          sumLength: 9,
        };
      },
    ]),
  ),
  ...Object.fromEntries(
    (["min", "l1Norm", "l2Norm", "logSumExp", "product"] as const).map((op) => [
      `${op} over axes`,
      (random: RandomData): ShapeCase => {
        const shape = shapeOf(random, 1, 3);
        const axes = shape.map((_, axis) => axis).filter(() => random.uniform() < 0.5);
        const keepDims = random.uniform() < 0.5;
        return {
          name: `${shape} over ${axes}`,
          shapes: [shape],
          // Scaled, so that whole numbers up to 8 have no product above 1.
          build: (graph, [x]) =>
            graph[op](
              op === "product" ? graph.mul(x as Node, 0.125) : (x as Node),
              axes.length > 0 ? axes : undefined,
              keepDims,
            ),
          ...(op === "min" ? {} : { sumLength: 512, functionError: 128 }),
        };
      },
    ]),
  ),
  "globalAvgPool2d and globalMaxPool2d"(random) {
    const shape = [random.integer(1, 2), extent(random), extent(random), extent(random)];
    return {
      name: `${shape}`,
      shapes: [shape],
      build: (graph, [x]) =>
        graph.add(graph.globalAvgPool2d(x as Node), graph.mul(graph.globalMaxPool2d(x as Node), 2)),
      sumLength: 64,
    };
  },
};
