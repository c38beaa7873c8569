import { Arena } from "../../graph/node.ts";
import { clipGroups, trustRatios } from "../kernels/gradient_norms.ts";
import { optimizerUpdate as optimizerUpdateKernel } from "../kernels/optimizer_update.ts";
import { matchUpdate, type UpdatePreparation, updateBindings } from "./optimizer_update.ts";
import { rule } from "./rule.ts";

/** LAMB: two dispatches measure where it would go, and a ratio for every block says how far. */
export const lamb = rule("optimizerUpdate", (update, context) =>
  update.attributes.rule.kind === "lamb" ? matchUpdate(update, context, measureTrust) : undefined,
);

const measureTrust: UpdatePreparation = ({ attributes: { parameters } }, options, operands, emit) => {
  const squares = emit.scratch("squares of weights and directions", parameters.size / 2);
  const ratios = emit.scratch("trust ratios", parameters.size / Arena.ALIGNMENT);
  const groups = clipGroups("norm", parameters);
  emit.beginPart("trust ratios");
  const measure = optimizerUpdateKernel({ ...options, measure: true }, emit.traits);
  emit.dispatch(measure, { ...updateBindings(operands), squares });
  const table = emit.constant("tensors", Uint32Array.from(groups.flat()), "u32");
  emit.dispatch(trustRatios({ groups }, emit.traits), { squares, groups: table, ratios });
  return { ...operands, trustRatios: ratios };
};
