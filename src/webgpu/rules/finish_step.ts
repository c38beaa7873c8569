import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { type FinishStepAttributes, finishStepParts } from "../../graph/ops/finish_step.ts";
import { COUNTS_PLACE, finishStep as finishStepKernel, GUARDS_PLACE } from "../kernels/finish_step.ts";
import { rowValues } from "../kernels/step_ring.ts";
import { type PlannedValue, rootOf } from "../plan.ts";
import { type GatheredGradients, gatherGradients, type UpdateNode } from "./gradients.ts";
import { Annotation, type RuleEmitter, rule, UNREAD } from "./rule.ts";
import { VERDICT } from "./verdict.ts";

type FinishNode = Node<FinishStepAttributes>;

/** Left at the end of a step whose loss is scaled: divides the gradients. */
export const UNSCALE = new Annotation<(gradients: GatheredGradients, emit: RuleEmitter) => void>();

/** Records a step and decides on it; looks at the gradients where the update that waits for the verdict finds them. */
export const finishStep = rule("finishStep", (finish, context) => {
  const update = context.effects.find((effect): effect is UpdateNode => isUpdateAfter(effect, finish));
  const { values, guards, gradients } = partsOf(finish);
  const read = new Set([...values, ...guards]);
  context.leave(UNREAD, finish, new Set(gradients.filter((node) => !read.has(node))));
  return {
    prepare(emit) {
      const whole = emit.growing("verdict on the step", GUARDS_PLACE, "u32");
      emit.leave(VERDICT, finish, whole);
      emit.define(finish, emit.view(whole, { offset: COUNTS_PLACE, size: 1, label: "whether the step counts" }));
    },
    lower: (emit) => lower(finish, update, emit),
  };
});

function isUpdateAfter(effect: Node, finish: Node): effect is UpdateNode {
  return isOp(effect, "optimizerUpdate") && effect.operand("step") === finish;
}

/** The operands by what they are for. */
function partsOf(finish: FinishNode) {
  return finishStepParts(finish.operand("loss"), finish.operands("others"), finish.attributes);
}

function lower(finish: FinishNode, update: UpdateNode | undefined, emit: RuleEmitter): void {
  const { ring, counters, scaling } = finish.attributes;
  const { values, guards } = partsOf(finish);
  const gradients = update && gatherGradients(update, emit);
  const unscale = emit.find(UNSCALE, finish);
  if (update && gradients && unscale) {
    emit.begin("unscale gradients", update.layer);
    unscale(gradients, emit);
  }
  const whole = emit.find(VERDICT, finish);
  if (whole === undefined) throw new Error("a step ends without a place for its verdict");
  const found = guards.map((guard) => emit.value(guard));
  const checked = scaling === undefined ? gradients : undefined;
  const options = {
    sizes: values.map(({ shape }) => sizeOf(shape)),
    capacity: at(ring.shape, 0) - 1,
    counters: counters.length,
    guards: found.map((value) => ({ place: offsetIn(whole, value), size: value.size })),
    checkedArena: checked?.arenaSize,
    growthInterval: scaling?.growthInterval,
  };
  emit.begin(finish.op.name, finish.layer);
  emit.dispatch(finishStepKernel(options, emit.traits), {
    verdict: whole,
    gradientPartials: checked?.partials,
    blockTable: checked?.blockTable,
    ...rowValues(
      values.map((value) => emit.value(value)),
      finish.attributes,
      emit,
    ),
    lossScale: scaling && emit.variable(scaling.scale),
    scaleCounters: scaling && emit.variable(scaling.counters),
  });
}

/** Where a view begins in the value that it is a view of. */
function offsetIn(whole: PlannedValue, value: PlannedValue): number {
  if (value.placement.kind !== "view" || rootOf(value) !== whole) throw new Error(`"${value.label}" lies elsewhere`);
  return value.placement.offset;
}
