import { type Constraint, constrain } from "../constraints.ts";
import type { ParameterSpec } from "../layer.ts";
import { penalty, type Regularizer } from "../regularizers.ts";

/** What a parameter's regularizer and its constraint do in a training step. */
export function held(
  regularizer: Regularizer | undefined,
  constraint?: Constraint,
): Pick<ParameterSpec, "penalty" | "constrain"> {
  return {
    ...(regularizer && { penalty: (graph, parameter) => penalty(graph, regularizer, parameter) }),
    ...(constraint && {
      constrain: (graph, parameter, verdict) => constrain(graph, parameter, constraint, verdict),
    }),
  };
}
