import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { MatmulAttributes } from "../../graph/ops/matmul.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { matmulBias, type Product, sizesOf } from "../kernels/matmul.ts";
import { biasAdd } from "./patterns.ts";
import { type Match, type MatchContext, rule } from "./rule.ts";

/** A matrix product with what follows it as far as `kernel` has it: its bias and, where one follows, its ReLU. */
export function productMatch(
  node: Node<MatmulAttributes>,
  context: MatchContext,
  kernel: (wanted: Product, traits: DeviceTraits) => KernelSpec,
): Match {
  const biased = biasAdd(node, context);
  const next = biased && context.soleUse(biased.add);
  const relu = next !== undefined && isOp(next, "relu");
  const result = relu ? next : (biased?.add ?? node);
  return {
    covers: biased ? [biased.add, result] : [],
    turn: result,
    lower(emit) {
      if (biased) emit.begin(relu ? "matmul + bias + relu" : "matmul + bias", node.layer);
      const wanted = { sizes: sizesOf(node), bias: biased !== undefined, relu };
      emit.dispatch(kernel(wanted, emit.traits), {
        a: emit.value(node.operand("a")),
        b: emit.value(node.operand("b")),
        bias: biased && emit.value(biased.bias),
        output: emit.result(result),
      });
    },
  };
}

/** A dense layer is one dispatch. */
export const matmulWithBias = rule(
  "matmul",
  (node, context) =>
    biasAdd(node, context) &&
    productMatch(node, context, ({ sizes, relu }, traits) => matmulBias({ ...sizes, relu }, traits)),
);
