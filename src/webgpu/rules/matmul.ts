import { isOp } from "../../graph/op.ts";
import { matmulOp, matmulSizes } from "../../graph/ops/matmul.ts";
import { reluOp } from "../../graph/ops/relu.ts";
import { matmulBias } from "../kernels/matmul.ts";
import { biasAdd } from "./patterns.ts";
import { rule } from "./rule.ts";

/** A matrix product with its bias and, where one follows, its ReLU. */
export const matmulWithBias = rule(matmulOp, (node, context) => {
  const biased = biasAdd(node, context);
  if (biased === undefined) return undefined;
  const { add, bias } = biased;
  const next = context.soleUse(add);
  const relu = next !== undefined && isOp(next, reluOp);
  const result = relu ? next : add;
  return {
    covers: [add, result],
    turn: result,
    lower(emit) {
      const [a, b] = [node.operand("a"), node.operand("b")];
      emit.begin(relu ? "matmul + bias + relu" : "matmul + bias", node.layer);
      const options = { ...matmulSizes(a, b, node.attributes), ...node.attributes, relu };
      emit.dispatch(matmulBias(options, emit.traits), {
        a: emit.value(a),
        b: emit.value(b),
        bias: emit.value(bias),
        output: emit.result(result),
      });
    },
  };
});
