import { Arena } from "../../graph/node.ts";
import { clipFactors, clipGroups, gradientSquares } from "../kernels/gradient_norms.ts";
import type { PlannedValue } from "../plan.ts";
import type { GatheredGradients } from "./gradients.ts";
import { CLIP_FACTORS } from "./optimizer_update.ts";
import { type RuleEmitter, rule } from "./rule.ts";

/** Takes no node: leaves at an update that clips by norm what measures its gradients. */
export const clipByNorm = rule("optimizerUpdate", (update, context) => {
  const { rule: wanted, parameters } = update.attributes;
  const { by = "value", limit = 0 } = wanted.clip ?? {};
  if (by !== "value") {
    context.leave(CLIP_FACTORS, update, (gradients, emit) => clipFactorsOf({ by, limit }, parameters, gradients, emit));
  }
  return undefined;
});

/** Two dispatches that measure the summed gradients: a factor for every block. */
function clipFactorsOf(
  clip: { readonly by: "norm" | "globalNorm"; readonly limit: number },
  parameters: Arena,
  { partials, blockTable }: GatheredGradients,
  emit: RuleEmitter,
): PlannedValue {
  const blocks = parameters.size / Arena.ALIGNMENT;
  const squares = emit.scratch("gradient squares", blocks);
  const factors = emit.scratch("clip factors", blocks);
  const groups = clipGroups(clip.by, parameters);
  const table = emit.constant("clip groups", Uint32Array.from(groups.flat()), "u32");
  emit.beginPart("gradient norm");
  emit.dispatch(gradientSquares({ arenaSize: parameters.size }, emit.traits), {
    squares,
    gradientPartials: partials,
    blockTable,
  });
  emit.dispatch(clipFactors({ limit: clip.limit, groups }, emit.traits), { squares, groups: table, factors });
  return factors;
}
