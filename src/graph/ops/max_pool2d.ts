import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import { type Padding, type Pair, type PoolGeometry, poolGeometry } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientRule } from "../op.ts";

/** The windows of a pool. */
export interface Pool2dOptions {
  /** Window [height, width]. */
  size: Pair;
  /** Default: the window, so that windows tile the image. */
  strides?: Pair;
  /** Default "valid". Padding never wins: it counts as −∞. */
  padding?: Padding;
  /** Default [1, 1]. */
  dilations?: Pair;
  /** Round the output size up; default false. */
  ceilMode?: boolean;
}

export interface PoolAttributes {
  geometry: PoolGeometry;
}

function outputShape(g: PoolGeometry): Shape {
  return [g.batch, g.outHeight, g.outWidth, g.channels];
}

function inputShape(g: PoolGeometry): Shape {
  return [g.batch, g.inHeight, g.inWidth, g.channels];
}

export const maxPool2dOp = defineOp<PoolAttributes>({
  name: "maxPool2d",
  operands: { x: FLOATS },
  infer: (_, { geometry }) => ({ shape: outputShape(geometry), dtype: "f32" }),
});

export const gradientOfMaxPool2d: GradientRule<PoolAttributes> = ({ graph, attributes, upstream, operand }) => ({
  x: maxPool2dGradient(graph, operand("x"), upstream, attributes.geometry),
});

/**
 * The largest value of each window: [batch, height, width, channels] → [batch, outHeight, outWidth, channels].
 * Among equals the first in row-major order wins and takes the whole gradient, as in PyTorch.
 */
export function maxPool2d(graph: Graph, x: Node, options: Pool2dOptions): Node {
  const geometry = poolGeometry("maxPool2d", x.shape, {
    size: options.size,
    strides: options.strides ?? options.size,
    padding: options.padding ?? "valid",
    dilations: options.dilations ?? [1, 1],
    ceilMode: options.ceilMode ?? false,
  });
  return graph.addNode(maxPool2dOp, [x], { geometry });
}

export const maxPool2dGradientOp = defineOp<PoolAttributes>({
  name: "maxPool2dGradient",
  operands: { x: FLOATS, upstream: FLOATS },
  infer(given, { geometry }, what) {
    const [x, upstream] = [given.operand("x"), given.operand("upstream")];
    if (!sameShape(x.shape, inputShape(geometry)) || !sameShape(upstream.shape, outputShape(geometry))) {
      throw new ShapeError(
        `${what}: wants ${formatShape(inputShape(geometry))} and ${formatShape(outputShape(geometry))}, ` +
          `got ${formatShape(x.shape)} and ${formatShape(upstream.shape)}.`,
      );
    }
    return { shape: x.shape, dtype: "f32" };
  },
});

/** d loss / d input of a max-pool: each window's gradient goes to its first maximum. */
export function maxPool2dGradient(graph: Graph, x: Node, upstream: Node, geometry: PoolGeometry): Node {
  return graph.addNode(maxPool2dGradientOp, [x, upstream], { geometry });
}
