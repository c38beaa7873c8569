import { ShapeError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { Node, Variable } from "../node.ts";
import { COUNTS, defineOp, isVerdict } from "../op.ts";

export interface NormConstraintAttributes {
  readonly variable: Variable;
  /** Axes that a norm is taken over: ascending, non-negative. */
  readonly axes: readonly number[];
  readonly minValue: number;
  readonly maxValue: number;
  /** Share of the way to the wanted norm that a step goes. */
  readonly rate: number;
}

export const normConstraintOp = defineOp<NormConstraintAttributes>({
  name: "normConstraint",
  operands: { "verdict?": COUNTS },
  infer(given, { variable }, what) {
    const verdict = given.optionalOperand("verdict");
    if (verdict && !isVerdict(verdict)) throw new ShapeError(`${what}: depends on a finishStep, if on anything.`);
    if (variable.dtype !== "f32") throw new ShapeError(`${what}: "${variable.name}" is ${variable.dtype}, not f32.`);
    return { shape: [], dtype: "f32" };
  },
  writes: ({ attributes }) => [attributes.variable],
});

/** What Keras adds to a norm before it divides by it. */
export const NORM_EPSILON = 1e-7;

/**
 * At the end of the step, after the effects before it, brings the norms √Σw² over `axes` of a variable into [minValue,
 * maxValue], by the share `rate` of the way: w ← w · (rate · clip(norm) + (1 − rate) · norm) / (norm + 1e-7), Keras' rule.
 * With `verdict` (`finishStep`) only where the step counts.
 */
export function normConstraint(
  graph: Graph,
  variable: Variable,
  options: Omit<NormConstraintAttributes, "variable">,
  verdict?: Node,
): Node {
  return graph.addEffect(normConstraintOp, verdict ? [verdict] : [], { variable, ...options });
}
