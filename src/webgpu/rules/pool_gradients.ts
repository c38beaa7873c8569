import { isOp } from "../../graph/op.ts";
import { POOL_GRADIENTS, WINNERS } from "./convolution.ts";
import { type RuleEmitter, rule } from "./rule.ts";
import { isLoadedByConvolution, UPSTREAM_LOAD } from "./upstream.ts";

/**
 * Takes no node: offers the gradients of a pool and of the ReLU before it to the rule of convolutions, where kernels can load
 * them through the pool's winners. Three of four elements of the latter are zero.
 */
export const poolGradients = rule("maxPool2dGradient", (scattered, context) => {
  const relu = scattered.operand("x");
  const before = context.soleUse(scattered);
  if (!isOp(relu, "relu") || before === undefined || !isOp(before, "reluGradient")) return undefined;
  const ofEachOther = before.operand("y") === relu && before.operand("upstream") === scattered;
  if (!ofEachOther || !isLoadedByConvolution(before, context)) return undefined;
  const upstream = scattered.operand("upstream");
  context.leave(POOL_GRADIENTS, relu, {
    covers: [before, scattered],
    unpool(pool) {
      const values = (emit: RuleEmitter) => ({
        upstream: emit.value(upstream),
        winners: emit.find(WINNERS, pool),
      });
      context.leave(UPSTREAM_LOAD, before, { unpool: true, scaled: false, values });
    },
  });
  return undefined;
});
