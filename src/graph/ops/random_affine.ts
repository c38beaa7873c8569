import { type AffineRanges, checkAffineRanges } from "../../core/affine.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, FLOATS } from "../op.ts";

export interface RandomAffineAttributes extends Required<AffineRanges> {
  readonly seed: number;
}

export const randomAffineOp = defineOp<RandomAffineAttributes>({
  name: "randomAffine",
  operands: { x: FLOATS, batch: COUNTS },
  infer(given, _, what) {
    const [x, batch] = [given.operand("x"), given.operand("batch")];
    if (x.shape.length !== 4 || batch.shape.length !== 0) {
      throw new ShapeError(
        `${what}: wants images [batch, height, width, channels] and a scalar, got ${formatShape(x.shape)} and ` +
          `${formatShape(batch.shape)}.`,
      );
    }
    return { shape: x.shape, dtype: "f32" };
  },
  // It stands where a network's data come in.
  gradient: () => ({}),
});

/**
 * A random shift, rotation, zoom and slant of each image about its middle, with bilinear interpolation and zeros outside
 * (spatial transformers' sampling: Jaderberg et al. 2015). The same `seed` and number `batch` (u32 scalar) give the same
 * images on every backend. No gradient flows. Throws `ArgumentError` for ranges out of bounds.
 */
export function randomAffine(graph: Graph, x: Node, batch: Node, options: AffineRanges & { seed: number }): Node {
  const { seed, ...ranges } = options;
  return graph.addNode(randomAffineOp, [x, batch], { ...checkAffineRanges("randomAffine", ranges), seed });
}
