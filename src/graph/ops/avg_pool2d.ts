import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { type PoolGeometry, poolGeometry } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type OpDefinition } from "../op.ts";
import type { Pool2dOptions } from "./max_pool2d.ts";

export interface AvgPool2dOptions extends Pool2dOptions {
  /** Divide by the declared padding too; default false, as in Keras (PyTorch's default is true). */
  countIncludePad?: boolean;
}

export interface AvgPoolAttributes {
  geometry: PoolGeometry;
  countIncludePad: boolean;
}

/**
 * Places, counted from the padded edge, that a window's divisor counts: the image, or image and padding. What hangs over
 * the padded edge in ceilMode never counts.
 */
export function countedRange({ geometry: g, countIncludePad }: AvgPoolAttributes) {
  const whole = { height: g.padTop + g.inHeight + g.padBottom, width: g.padLeft + g.inWidth + g.padRight };
  return countIncludePad
    ? { fromRow: 0, toRow: whole.height, fromColumn: 0, toColumn: whole.width }
    : { fromRow: g.padTop, toRow: g.padTop + g.inHeight, fromColumn: g.padLeft, toColumn: g.padLeft + g.inWidth };
}

function outputShape(g: PoolGeometry): Shape {
  return [g.batch, g.outHeight, g.outWidth, g.channels];
}

export const avgPool2dOp: OpDefinition<AvgPoolAttributes> = defineOp<AvgPoolAttributes>({
  name: "avgPool2d",
  operands: { x: FLOATS },
  infer: (_, { geometry }) => ({ shape: outputShape(geometry), dtype: "f32" }),
  gradient: ({ graph, attributes, upstream }) => ({ x: graph.addNode(avgPool2dGradientOp, [upstream], attributes) }),
});

/** Each window's gradient in equal shares to the places that it averages. */
export const avgPool2dGradientOp: OpDefinition<AvgPoolAttributes> = defineOp<AvgPoolAttributes>({
  name: "avgPool2dGradient",
  operands: { upstream: FLOATS },
  infer(given, { geometry: g }, what) {
    const upstream = given.operand("upstream");
    if (!sameShape(upstream.shape, outputShape(g))) {
      throw new ShapeError(`${what}: wants ${formatShape(outputShape(g))}, got ${formatShape(upstream.shape)}.`);
    }
    return { shape: [g.batch, g.inHeight, g.inWidth, g.channels], dtype: "f32" };
  },
  gradient: ({ graph, attributes, upstream }) => ({ upstream: graph.addNode(avgPool2dOp, [upstream], attributes) }),
});

/** The mean of each window: [batch, height, width, channels] → [batch, outHeight, outWidth, channels]. */
export function avgPool2d(graph: Graph, x: Node, options: AvgPool2dOptions): Node {
  const geometry = poolGeometry("avgPool2d", x.shape, {
    size: options.size,
    strides: options.strides ?? options.size,
    padding: options.padding ?? "valid",
    dilations: options.dilations ?? [1, 1],
    ceilMode: options.ceilMode ?? false,
  });
  return graph.addNode(avgPool2dOp, [x], { geometry, countIncludePad: options.countIncludePad ?? false });
}
