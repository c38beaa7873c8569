import { isOp } from "../../graph/op.ts";
import { matmulBias, sizesOf } from "../kernels/matmul.ts";
import { biasAdd } from "./patterns.ts";
import { rule } from "./rule.ts";

/** A matrix product with its bias and, where one follows, its ReLU. */
export const matmulWithBias = rule("matmul", (node, context) => {
  const biased = biasAdd(node, context);
  if (biased === undefined) return undefined;
  const { add, bias } = biased;
  const next = context.soleUse(add);
  const relu = next !== undefined && isOp(next, "relu");
  const result = relu ? next : add;
  return {
    covers: [add, result],
    turn: result,
    lower(emit) {
      const [a, b] = [node.operand("a"), node.operand("b")];
      emit.begin(relu ? "matmul + bias + relu" : "matmul + bias", node.layer);
      emit.dispatch(matmulBias({ ...sizesOf(node), relu }, emit.traits), {
        a: emit.value(a),
        b: emit.value(b),
        bias: emit.value(bias),
        output: emit.result(result),
      });
    },
  };
});
