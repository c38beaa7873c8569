import type { Constraint } from "../constraints.ts";
import { holding } from "../late_parts.ts";
import type { ParameterSpec } from "../layer.ts";
import type { Regularizer } from "../regularizers.ts";

/** What a parameter's regularizer and its constraint do in a training step; fetched from now on, where there is one. */
export function held(
  regularizer: Regularizer | undefined,
  constraint?: Constraint,
): Pick<ParameterSpec, "penalty" | "constrain"> {
  if (regularizer || constraint) holding.want();
  return {
    ...(regularizer && { penalty: (graph, parameter) => holding.part.penalty(graph, regularizer, parameter) }),
    ...(constraint && {
      constrain: (graph, parameter, verdict) => holding.part.constrain(graph, parameter, constraint, verdict),
    }),
  };
}
