import { schedulesMomentum } from "../../graph/ops/optimizer_update.ts";
import { ruleName } from "../../graph/update_rule.ts";
import { type OptimizerUpdateOptions, optimizerUpdate as optimizerUpdateKernel } from "../kernels/optimizer_update.ts";
import { type BoundValues, numberedValues } from "../lowering.ts";
import type { PlannedValue } from "../plan.ts";
import {
  FORMULA,
  fetchCopy,
  type GatheredGradients,
  gatherGradients,
  reserveGradients,
  type UpdateNode,
} from "./gradients.ts";
import { Annotation, type Match, type MatchContext, type RuleEmitter, rule } from "./rule.ts";
import { VERDICT } from "./verdict.ts";

/** Left at an update that clips gradients by their norms: makes a factor for every block. */
export const CLIP_FACTORS = new Annotation<(gradients: GatheredGradients, emit: RuleEmitter) => PlannedValue>();

/** What the kernel of an update works on. */
export interface UpdateOperands {
  readonly parameters: PlannedValue;
  /** Gradients in slices, and where each block of the arena finds its own. */
  readonly gradientPartials: PlannedValue;
  readonly blockTable: PlannedValue;
  /** How many updates are finished, or the verdict on this one. */
  readonly finishedSteps: PlannedValue;
  readonly schedule: PlannedValue;
  readonly state: readonly PlannedValue[];
  /** By what gradients or directions are multiplied, a number a block. */
  readonly gradientFactors?: PlannedValue | undefined;
  readonly trustRatios?: PlannedValue;
  readonly directionScales?: PlannedValue;
}

/** What a rule measures or makes before the kernel that moves the parameters, and what that kernel works on then. */
export type UpdatePreparation = (
  update: UpdateNode,
  options: OptimizerUpdateOptions,
  operands: UpdateOperands,
  emit: RuleEmitter,
) => UpdateOperands;

/** Moves all parameters in one dispatch, which adds up the partial sums of their gradients. */
export const optimizerUpdate = rule("optimizerUpdate", matchUpdate);

/** The match of an update that may need dispatches before its last one. */
export function matchUpdate(update: UpdateNode, context: MatchContext, preparation?: UpdatePreparation): Match {
  return {
    fetch: () => fetchCopy(update, context),
    prepare: (emit) => reserveGradients(update, emit),
    lower: (emit) => lower(update, preparation, emit),
  };
}

function lower(update: UpdateNode, preparation: UpdatePreparation | undefined, emit: RuleEmitter): void {
  const { rule, parameters, state } = update.attributes;
  const [step, schedule] = [update.operand("step"), update.operand("schedule")];
  const gradients = gatherGradients(update, emit);
  const verdict = emit.find(VERDICT, step);
  const options = {
    rule,
    arenaSize: parameters.size,
    schedulesMomentum: schedulesMomentum(schedule),
    skippable: verdict !== undefined,
    formula: emit.find(FORMULA, update),
  };
  emit.begin(update.op.name, update.layer);
  const gradientFactors = emit.find(CLIP_FACTORS, update)?.(gradients, emit);
  const operands: UpdateOperands = {
    parameters: emit.arena(parameters),
    gradientPartials: gradients.partials,
    blockTable: gradients.blockTable,
    finishedSteps: verdict ?? emit.value(step),
    schedule: emit.value(schedule),
    state: state.map((arena) => emit.arena(arena)),
    gradientFactors,
  };
  const prepared = preparation ? preparation(update, options, operands, emit) : operands;
  emit.beginPart(`${ruleName(rule)} update`);
  emit.dispatch(optimizerUpdateKernel(options, emit.traits), updateBindings(prepared));
}

/** The operands by the names of the kernel's bindings. */
export function updateBindings({ state, ...operands }: UpdateOperands): BoundValues {
  return { ...operands, ...numberedValues("state", state) };
}
