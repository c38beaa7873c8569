/** What regularizers and constraints do with parameters in a training step. */
import { normalizeAxes } from "../core/axes.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { add, mul } from "../graph/ops/arithmetic.ts";
import { normConstraint } from "../graph/ops/norm_constraint.ts";
import { l1Norm } from "../graph/ops/norms.ts";
import { sum as sumNode } from "../graph/ops/sum.ts";
import type { Constraint } from "./constraints.ts";
import type { Regularizer } from "./regularizers.ts";

/** The penalty of one parameter, a scalar; undefined where both factors are 0. */
export function penalty(graph: Graph, { l1: absolute, l2: square }: Regularizer, parameter: Node): Node | undefined {
  const terms = [
    ...(absolute === 0 ? [] : [mul(graph, l1Norm(graph, parameter), absolute)]),
    ...(square === 0 ? [] : [mul(graph, sumNode(graph, mul(graph, parameter, parameter)), square)]),
  ];
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => add(graph, sum, term));
}

/** At the end of a step, after the update, holds a parameter to its constraint. Throws `ShapeError` for an axis it does not have. */
export function constrain(graph: Graph, variable: Variable, { axis, ...range }: Constraint, verdict?: Node): void {
  const axes = normalizeAxes(`constraint of "${variable.name}"`, axis, variable.shape.length);
  normConstraint(graph, variable, { ...range, axes }, verdict);
}
