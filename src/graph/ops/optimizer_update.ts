import { ShapeError } from "../../core/errors.ts";
import { SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../core/schedule.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Arena, Node } from "../node.ts";
import { at, defineOp } from "../op.ts";

/** How parameters move; formulas in `cpu/ops/optimizer_update.ts`. */
export type UpdateRule =
  | { kind: "sgd"; momentum: number; nesterov: boolean; weightDecay: number }
  | { kind: "adam"; beta1: number; beta2: number; epsilon: number; weightDecay: number };

export interface OptimizerUpdateAttributes {
  rule: UpdateRule;
  parameters: Arena;
  /** State of the rule, laid out as `parameters`: SGD with momentum has one (velocity), Adam two (m, v). */
  slots: readonly Arena[];
}

/** Arenas of state that a rule needs. */
export function slotNames(rule: UpdateRule): readonly string[] {
  if (rule.kind === "adam") return ["m", "v"];
  return rule.momentum === 0 ? [] : ["velocity"];
}

export const optimizerUpdateOp = defineOp<OptimizerUpdateAttributes>({
  name: "optimizerUpdate",
  infer(inputs, { rule, parameters, slots }, what) {
    const [step, schedule, ...gradients] = inputs;
    if (step?.dtype !== "u32" || step.shape.length !== 0) {
      throw new ShapeError(`${what}: wants the number of finished steps (u32 scalar) first.`);
    }
    const table = [SCHEDULE_ROWS, SCHEDULE_COLUMNS];
    if (schedule?.dtype !== "f32" || !sameShape(schedule.shape, table)) {
      throw new ShapeError(`${what}: wants a schedule (f32 ${formatShape(table)}, scheduleTable) second.`);
    }
    if (gradients.length !== parameters.variables.length || slots.length !== slotNames(rule).length) {
      throw new ShapeError(
        `${what}: ${parameters.variables.length} parameters want as many gradients (got ${gradients.length}) and ` +
          `${slotNames(rule).length} slots (got ${slots.length}).`,
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
  writes: ({ attributes }) => [attributes.parameters, ...attributes.slots].flatMap((arena) => arena.variables),
});

/**
 * At the end of the step, moves every parameter by its gradient, all in one sweep over the arena.
 * `step` counts finished updates (0 at the first), `schedule` is a `scheduleTable`. `gradients` in the order of `parameters.variables`.
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
