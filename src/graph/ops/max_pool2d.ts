import type { Shape } from "../../core/shape.ts";
import { type Padding, type Pair, type PoolGeometry, poolGeometry } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

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

export function pooledShape(g: PoolGeometry): Shape {
  return [g.batch, g.outHeight, g.outWidth, g.channels];
}

export const maxPool2dOp = defineOp<PoolAttributes>({
  name: "maxPool2d",
  operands: { x: FLOATS },
  infer: (_, { geometry }) => ({ shape: pooledShape(geometry), dtype: "f32" }),
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
