import { Arena } from "../../graph/node.ts";
import type { UpdateRule } from "../../graph/update_rule.ts";
import { clipFactors, clipGroups, gradientSquares } from "../kernels/optimizer_update.ts";
import type { PlannedValue } from "../plan.ts";
import type { GatheredGradients } from "./gradients.ts";
import type { RuleEmitter } from "./rule.ts";

/** Two dispatches that measure the summed gradients, where they are clipped by norm: a factor for every block. */
export function clipFactorsOf(
  clip: UpdateRule["clip"],
  parameters: Arena,
  { partials, blockTable }: GatheredGradients,
  emit: RuleEmitter,
): PlannedValue | undefined {
  if (clip === undefined || clip.by === "value") return undefined;
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
