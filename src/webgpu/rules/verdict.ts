import { alignTo } from "../../core/align_to.ts";
import { Arena, type Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { KernelSpec } from "../kernel.ts";
import type { GrowingValue } from "../plan.ts";
import { Annotation, type MatchContext, type RuleEmitter } from "./rule.ts";

/** Left at a `finishStep`: the buffer of its verdict, behind which lies what guards find. */
export const VERDICT = new Annotation<GrowingValue>();

/** Whether only records of steps want a `nonFinite`, which can take its parts. */
export function onlyGuards(node: Node, context: MatchContext): boolean {
  const uses = context.usesOf(node);
  const guards = (use: Node) => {
    if (isOp(use, "finishStep")) return uses.length === 1;
    if (!isOp(use, "recordStep")) return false;
    const { guarded = false } = use.attributes;
    return guarded && use.operands("values").at(-1) === node;
  };
  return !context.isOutput(node) && uses.every(guards);
}

/**
 * The value of a `nonFinite` whose kernel notes which of its workgroups saw a number that is not finite; `recordStep` and
 * `finishStep` add up, the latter in the buffer of its verdict.
 */
export function defineFindings(node: Node, workgroups: KernelSpec["workgroups"], emit: RuleEmitter) {
  const size = workgroups[0] * workgroups[1] * workgroups[2];
  const label = "non-finite counts";
  const whole = emit
    .usesOf(node)
    .map((use) => emit.find(VERDICT, use))
    .find((verdict) => verdict !== undefined);
  const findings = whole ? append(whole, size, label, emit) : emit.scratch(label, size);
  emit.define(node, findings);
  return findings;
}

/** A part of its own at the end of the verdict's buffer. */
function append(whole: GrowingValue, size: number, label: string, emit: RuleEmitter) {
  const offset = whole.size;
  whole.size += alignTo(size, Arena.ALIGNMENT);
  return emit.view(whole, { offset, size, label, dtype: "f32" });
}
