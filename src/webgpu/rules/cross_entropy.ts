import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { crossEntropyStep } from "../kernels/cross_entropy_step.ts";
import { isSumOver } from "./patterns.ts";
import { type MatchContext, type RuleEmitter, rule } from "./rule.ts";

/** One workgroup makes it all: with more logits the separate kernels, which use many, are faster. */
const MOST_LOGITS = 65536;

/** What one pass over the logits makes. */
interface CrossEntropyStep {
  readonly loss: Node;
  readonly gradient: Node;
  readonly counts: Node;
  /** The gradient of the last layer's bias. */
  readonly columnSums: Node | undefined;
}

/** Mean loss over class labels, its gradient, the count of right answers and the gradient's sum over the rows. */
export const crossEntropy = rule("softmaxCrossEntropy", (loss, context) => {
  const [logits, labels] = [loss.operand("logits"), loss.operand("labels")];
  if (loss.attributes.reduction !== "mean" || labels.dtype !== "i32" || sizeOf(logits.shape) > MOST_LOGITS) {
    return undefined;
  }
  const { gradient, counts } = partsOf(logits, labels, context);
  if (gradient === undefined || counts === undefined || !isScale(gradient.operand("upstream"))) return undefined;
  const columnSums = context.usesOf(gradient).find((use) => isSumOver(use, [0]));
  const covers = [gradient, counts, ...(columnSums ? [columnSums] : [])];
  return { covers, lower: (emit) => lower({ loss, gradient, counts, columnSums }, emit) };
});

/** The gradient and the count of right answers of the same logits and labels. */
function partsOf(logits: Node, labels: Node, context: MatchContext) {
  const uses = context.usesOf(logits);
  const isGradient = (use: Node) => isOp(use, "softmaxCrossEntropyGradient") && use.attributes.reduction === "mean";
  const same = (use: Node) => use.operand("logits") === logits && use.operand("labels") === labels;
  return {
    gradient: uses.find((use) => isGradient(use) && same(use)),
    counts: uses.find((use) => isOp(use, "countCorrect") && same(use)),
  };
}

/** 1, or the loss scale of mixed precision. */
function isScale(upstream: Node): boolean {
  if (isOp(upstream, "variable")) return true;
  return isOp(upstream, "constant") && upstream.attributes.data.length === 1 && upstream.attributes.data[0] === 1;
}

function lower({ loss, gradient, counts, columnSums }: CrossEntropyStep, emit: RuleEmitter): void {
  emit.begin("softmaxCrossEntropy + gradient + accuracy", loss.layer);
  const [logits, labels, upstream] = [loss.operand("logits"), loss.operand("labels"), gradient.operand("upstream")];
  const scale = isOp(upstream, "variable") ? emit.variable(upstream.attributes.variable) : undefined;
  const options = {
    batch: at(logits.shape, 0),
    classes: at(logits.shape, 1),
    columnSums: columnSums !== undefined,
    scaled: scale !== undefined,
  };
  emit.dispatch(crossEntropyStep(options, emit.traits), {
    logits: emit.value(logits),
    labels: emit.value(labels),
    loss: emit.result(loss),
    logitsGradient: emit.result(gradient),
    counts: emit.result(counts),
    columnSums: columnSums && emit.result(columnSums),
    lossScale: scale,
  });
}
