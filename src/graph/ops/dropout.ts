import { broadcastShapes } from "../../core/axes.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, FLOATS, type OpDefinition } from "../op.ts";

export interface DropoutAttributes {
  readonly rate: number;
  readonly seed: number;
  readonly stream: number;
  /** Shape of the mask: extents of 1 share a decision along that axis. */
  readonly maskShape: Shape;
}

// Nothing is stored for the gradient: the same numbers give the same mask again.
export const dropoutOp: OpDefinition<DropoutAttributes> = defineOp<DropoutAttributes>({
  name: "dropout",
  operands: { x: FLOATS, step: COUNTS },
  infer(given, { rate, maskShape }, what) {
    const [x, step] = [given.operand("x"), given.operand("step")];
    if (step.shape.length !== 0) {
      throw new ShapeError(`${what}: the number of the step must be a scalar, got ${formatShape(step.shape)}.`);
    }
    if (maskShape.length !== x.shape.length || !sameShape(broadcastShapes(what, maskShape, x.shape), x.shape)) {
      throw new ShapeError(`${what}: a mask ${formatShape(maskShape)} does not stretch to ${formatShape(x.shape)}.`);
    }
    if (!(rate >= 0 && rate < 1)) {
      throw new ArgumentError(`${what}: rate must be a number of at least 0 and below 1, got ${describeValue(rate)}.`);
    }
    return { shape: x.shape, dtype: "f32" };
  },
  gradient: ({ graph, attributes, upstream, operand }) => ({
    x: graph.addNode(dropoutOp, [upstream, operand("step")], attributes),
  }),
});

export interface DropoutOptions {
  /** Share of the elements that are set to 0, in [0, 1). */
  rate: number;
  /** Number of the step, a u32 scalar: another mask at each. Default 0: the same mask always. */
  step?: Node;
  /** Default 0. */
  seed?: number;
  /** Tells several dropouts of one graph apart; default 0. */
  stream?: number;
  /** Shape of the mask; an extent of 1 drops whole slices along its axis. Default: that of x, each element for itself. */
  noiseShape?: Shape;
}

/**
 * Sets a random share `rate` of the elements to 0 and multiplies the others by 1 / (1 − rate), so that sums keep their
 * expectation (Srivastava et al. 2014). The mask is a function of seed, stream, step and place: the same on every backend
 * and in the gradient. Throws `ArgumentError` for a rate outside [0, 1).
 */
export function dropout(graph: Graph, x: Node, options: DropoutOptions): Node {
  const { rate, seed = 0, stream = 0, noiseShape = x.shape } = options;
  const step = options.step ?? graph.constant(0, [], "u32");
  return graph.addNode(dropoutOp, [x, step], { rate, seed, stream, maskShape: [...noiseShape] });
}
