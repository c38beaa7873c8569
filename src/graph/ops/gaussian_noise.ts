import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, FLOATS, type OpDefinition } from "../op.ts";

export interface GaussianNoiseAttributes {
  readonly stddev: number;
  readonly seed: number;
  readonly stream: number;
}

export const gaussianNoiseOp: OpDefinition<GaussianNoiseAttributes> = defineOp<GaussianNoiseAttributes>({
  name: "gaussianNoise",
  operands: { x: FLOATS, step: COUNTS },
  infer(given, { stddev }, what) {
    const [x, step] = [given.operand("x"), given.operand("step")];
    if (step.shape.length !== 0) {
      throw new ShapeError(`${what}: the number of the step must be a scalar, got ${formatShape(step.shape)}.`);
    }
    if (!(Number.isFinite(stddev) && stddev >= 0)) {
      throw new ArgumentError(`${what}: stddev must be a number of at least 0, got ${describeValue(stddev)}.`);
    }
    return { shape: x.shape, dtype: "f32" };
  },
  gradient: ({ upstream }) => ({ x: upstream }),
});

export interface GaussianNoiseOptions {
  /** Standard deviation of what is added, at least 0. */
  stddev: number;
  /** Number of the step, a u32 scalar: other noise at each. Default 0: the same noise always. */
  step?: Node;
  /** Default 0. */
  seed?: number;
  /** Tells several of one graph apart; default 0. */
  stream?: number;
}

/**
 * Adds normal noise of mean 0 to every element. The noise is a function of seed, stream, step and place: the same on every
 * backend, up to rounding. The gradient passes unchanged. Throws `ArgumentError` for a negative deviation.
 */
export function gaussianNoise(graph: Graph, x: Node, options: GaussianNoiseOptions): Node {
  const { stddev, seed = 0, stream = 0 } = options;
  const step = options.step ?? graph.constant(0, [], "u32");
  return graph.addNode(gaussianNoiseOp, [x, step], { stddev, seed, stream });
}
