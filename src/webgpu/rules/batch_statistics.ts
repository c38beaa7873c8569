import { sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { emitBatchStatistics } from "../kernels/batch_norm.ts";
import { type MovingAverages, movingAveragesOf } from "./moving_averages.ts";
import { type RuleEmitter, rule } from "./rule.ts";

/**
 * Both statistics of a batch in one pass over it, and the step of their moving averages, unless that waits for the verdict
 * on the step.
 */
export const batchStatistics = rule("batchMean", (mean, context) => {
  const variance = context.usesOf(mean).find((use) => isOp(use, "batchVariance"));
  if (variance === undefined) return { lower: (emit) => lower(mean, undefined, undefined, emit) };
  const found = movingAveragesOf(mean, variance, context);
  const moving = found?.verdict === undefined ? found : undefined;
  return {
    covers: [variance, ...(moving?.nodes ?? [])],
    lower: (emit) => lower(mean, variance, moving, emit),
  };
});

function lower(mean: Node, variance: Node | undefined, moving: MovingAverages | undefined, emit: RuleEmitter): void {
  emit.begin(moving ? "batch statistics + moving averages" : "batch statistics", mean.layer);
  const x = mean.operand("x");
  const labels = mean.optionalOperand("labels");
  emitBatchStatistics(
    x.shape,
    {
      x: emit.value(x),
      labels: labels && emit.value(labels),
      mean: emit.result(mean),
      variance: variance ? emit.result(variance) : emit.scratch("unused variance", sizeOf(mean.shape)),
      moving: moving && {
        mean: emit.variable(moving.mean),
        variance: emit.variable(moving.variance),
        momentum: moving.momentum,
      },
    },
    emit,
  );
}
