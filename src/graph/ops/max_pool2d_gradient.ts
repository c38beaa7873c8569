import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import type { PoolGeometry } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientRule } from "../op.ts";
import { type PoolAttributes, pooledShape } from "./max_pool2d.ts";

function inputShape(g: PoolGeometry): Shape {
  return [g.batch, g.inHeight, g.inWidth, g.channels];
}

export const gradientOfMaxPool2d: GradientRule<PoolAttributes> = ({ graph, attributes, upstream, operand }) => ({
  x: maxPool2dGradient(graph, operand("x"), upstream, attributes.geometry),
});

export const maxPool2dGradientOp = defineOp<PoolAttributes>({
  name: "maxPool2dGradient",
  operands: { x: FLOATS, upstream: FLOATS },
  infer(given, { geometry }, what) {
    const [x, upstream] = [given.operand("x"), given.operand("upstream")];
    if (!sameShape(x.shape, inputShape(geometry)) || !sameShape(upstream.shape, pooledShape(geometry))) {
      throw new ShapeError(
        `${what}: wants ${formatShape(inputShape(geometry))} and ${formatShape(pooledShape(geometry))}, ` +
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
