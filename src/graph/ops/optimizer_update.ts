import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../core/schedule.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { factoredSpecs } from "../factored_moments.ts";
import type { Graph } from "../graph.ts";
import type { Arena, Node } from "../node.ts";
import { COUNTS, defineOp, FLOATS, isVerdict } from "../op.ts";
import { momentumOf, slotNames, type UpdateRule } from "../update_rule.ts";

export interface OptimizerUpdateAttributes {
  rule: UpdateRule;
  parameters: Arena;
  /** What the rule keeps from step to step: `stateArenas(rule, parameters)`. */
  state: readonly Arena[];
}

/** Whether a schedule has a second table, of the momentum. */
export function schedulesMomentum({ shape }: Node): boolean {
  return sameShape(shape, [2 * SCHEDULE_ROWS, SCHEDULE_COLUMNS]);
}

export const optimizerUpdateOp = defineOp<OptimizerUpdateAttributes>({
  name: "optimizerUpdate",
  operands: { step: COUNTS, schedule: FLOATS, "...gradients": FLOATS },
  infer(given, { rule, parameters, state }, what) {
    const [step, schedule, gradients] = [given.operand("step"), given.operand("schedule"), given.operands("gradients")];
    if (!(step.shape.length === 0 || isVerdict(step))) {
      throw new ShapeError(`${what}: wants the number of finished steps (u32 scalar, or finishStep) first.`);
    }
    const table = [SCHEDULE_ROWS, SCHEDULE_COLUMNS];
    const movesMomentum = schedulesMomentum(schedule);
    if (!(sameShape(schedule.shape, table) || movesMomentum)) {
      throw new ShapeError(`${what}: wants a schedule (f32 ${formatShape(table)}, scheduleTable) second.`);
    }
    if (movesMomentum && momentumOf(rule) === undefined) {
      throw new ShapeError(`${what}: the schedule moves the momentum, which "${rule.kind}" lacks.`);
    }
    const count = parameters.variables.length;
    const factored = rule.kind === "adafactor" ? factoredSpecs(parameters).length : 0;
    const wanted = slotNames(rule).length * count + factored;
    const kept = state.flatMap((arena) => arena.variables).length;
    if (gradients.length !== count || kept !== wanted) {
      throw new ShapeError(
        `${what}: ${count} parameters want as many gradients (got ${gradients.length}) and ${wanted} variables of ` +
          `state in all (got ${kept}); make the state with stateArenas.`,
      );
    }
    parameters.variables.forEach((parameter, index) => {
      const gradient = at(gradients, index);
      if (!sameShape(gradient.shape, parameter.shape)) {
        throw new ShapeError(
          `${what}: the gradient of "${parameter.name}" is ${formatShape(gradient.shape)}, not ${formatShape(parameter.shape)}.`,
        );
      }
    });
    return { shape: [], dtype: "f32" };
  },
  writes: ({ attributes: { parameters, state } }) => [parameters, ...state].flatMap((arena) => arena.variables),
});

/**
 * At the end of the step, moves every parameter by its gradient, all in one sweep over the arena.
 * `step` counts finished updates (0 at the first), or is what `finishStep` decided about these gradients; `schedule` is a
 * `scheduleTable`.
 * `gradients` in the order of `parameters.variables`.
 */
export function optimizerUpdate(
  graph: Graph,
  step: Node,
  schedule: Node,
  gradients: readonly Node[],
  attributes: OptimizerUpdateAttributes,
): Node {
  return graph.addEffect(optimizerUpdateOp, [step, schedule, ...gradients], attributes);
}
