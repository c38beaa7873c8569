import type { Node, Variable } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { movingAverages as movingAveragesKernel } from "../kernels/moving_average.ts";
import { type MatchContext, rule } from "./rule.ts";

/** One step of both moving statistics of a batch normalisation. */
export interface MovingAverages {
  readonly mean: Variable;
  readonly variance: Variable;
  readonly momentum: number;
  /** What decides whether the step counts; undefined where all do. */
  readonly verdict: Node | undefined;
  /** The averages and their assignments. */
  readonly nodes: readonly Node[];
}

/** Both moving statistics at the end of a step that counts, in place of the first of two assignments. */
export const movingAverages = rule("assign", (assign, context) => {
  const average = assign.operand("value");
  const mean = isOp(average, "movingAverage") ? average.operand("value") : undefined;
  if (mean === undefined || !isOp(mean, "batchMean")) return undefined;
  const variance = context.usesOf(mean).find((use) => isOp(use, "batchVariance"));
  const moving = variance && movingAveragesOf(mean, variance, context);
  if (variance === undefined || moving?.verdict === undefined) return undefined;
  const { verdict, momentum } = moving;
  return {
    covers: moving.nodes,
    lower(emit) {
      emit.begin("moving averages", assign.layer);
      emit.dispatch(movingAveragesKernel({ size: moving.mean.size, momentum }, emit.traits), {
        counts: emit.value(verdict),
        means: emit.value(mean),
        variances: emit.value(variance),
        movingMeans: emit.variable(moving.mean),
        movingVariances: emit.variable(moving.variance),
      });
    },
  };
});

/** The step of the moving averages of both statistics, where one kernel can make it. */
export function movingAveragesOf(mean: Node, variance: Node, context: MatchContext): MovingAverages | undefined {
  const [ofMean, ofVariance] = [movingStep(mean, context), movingStep(variance, context)];
  if (ofMean === undefined || ofVariance === undefined || ofMean.momentum !== ofVariance.momentum) return undefined;
  const verdict = ofMean.assign.optionalOperand("verdict");
  if (verdict !== ofVariance.assign.optionalOperand("verdict")) return undefined;
  return {
    mean: ofMean.variable,
    variance: ofVariance.variable,
    momentum: ofMean.momentum,
    verdict,
    nodes: [ofMean.average, ofVariance.average, ofMean.assign, ofVariance.assign],
  };
}

/**
 * `variable ← movingAverage(variable, statistic)`, if nothing else looks at the variable in this step: then it may change
 * in the middle of it, although effects come last.
 */
function movingStep(statistic: Node, context: MatchContext) {
  const average = context.usesOf(statistic).find((use) => isOp(use, "movingAverage"));
  if (average === undefined || !isOp(average, "movingAverage")) return undefined;
  if (average.operand("value") !== statistic) return undefined;
  const old = average.operand("old");
  const assign = context.soleUse(average);
  if (assign === undefined || !isOp(assign, "assign")) return undefined;
  if (!isOp(old, "variable") || context.soleUse(old) !== average) return undefined;
  const { variable } = assign.attributes;
  const writers = context.effects.filter((effect) => effect.op.writes?.(effect).includes(variable));
  if (old.attributes.variable !== variable || writers.length !== 1) return undefined;
  return { average, assign, variable, momentum: average.attributes.momentum };
}
