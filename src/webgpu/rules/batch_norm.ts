import { isOp } from "../../graph/op.ts";
import { batchNormalize } from "../kernels/batch_norm.ts";
import { rule } from "./rule.ts";

/** A batch normalisation and the ReLU after it. */
export const batchNormWithRelu = rule("batchNorm", (norm, context) => {
  const relu = context.soleUse(norm);
  if (relu === undefined || !isOp(relu, "relu")) return undefined;
  return {
    covers: [relu],
    turn: relu,
    lower(emit) {
      emit.begin("batchNorm + relu", norm.layer);
      const spec = batchNormalize(norm.shape, { epsilon: norm.attributes.epsilon, relu: true }, emit.traits);
      emit.dispatch(spec, {
        x: emit.value(norm.operand("x")),
        means: emit.value(norm.operand("mean")),
        variances: emit.value(norm.operand("variance")),
        gammas: emit.value(norm.operand("gamma")),
        betas: emit.value(norm.operand("beta")),
        output: emit.result(relu),
      });
    },
  };
});
