import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { ConvAttributes } from "../../graph/ops/conv2d.ts";
import type { PoolAttributes } from "../../graph/ops/max_pool2d.ts";
import type { PlannedValue } from "../plan.ts";
import { convolve, forwardKernel } from "./convolve.ts";
import { biasAdd } from "./patterns.ts";
import { Annotation, type MatchContext, type RuleEmitter, rule } from "./rule.ts";

/** Left at a pool: a byte an element that says which of its window won (`conv2dForward`). */
export const WINNERS = new Annotation<PlannedValue>();

/** The gradients of a pool and of the ReLU before it, where kernels can load them through the winners. */
export interface PoolGradients {
  readonly covers: readonly Node[];
  /** Has them loaded through the winners of the pool. */
  unpool(pool: Node): void;
}

/** Left at a ReLU before a pool, by a rule that comes where networks are trained (pool_gradients.ts). */
export const POOL_GRADIENTS = new Annotation<PoolGradients>();

/** A convolution with what follows it. */
interface Convolution {
  readonly conv: Node<ConvAttributes>;
  readonly bias: Node | undefined;
  readonly relu: boolean;
  /** The pool that the kernel ends in, if it is in the kernel. */
  readonly pool: Node | undefined;
  /** The node whose value the kernel writes. */
  readonly result: Node;
}

/** Convolution, bias, ReLU and 2×2 max-pool, as far as they follow one another. */
export const convolution = rule("conv2d", (conv, context) => {
  const biased = biasAdd(conv, context);
  const sum = biased?.add ?? conv;
  const next = context.soleUse(sum);
  const relu = next !== undefined && isOp(next, "relu") ? next : undefined;
  const activated = relu ?? sum;
  const pooled = relu && poolAfter(relu, context);
  const covers = [sum, activated];
  if (pooled?.gradients) {
    covers.push(...pooled.gradients.covers);
    pooled.gradients.unpool(pooled.pool);
  }
  const result = pooled?.pool ?? activated;
  const found = { conv, bias: biased?.bias, relu: relu !== undefined, pool: pooled?.pool, result };
  return { covers, turn: result, lower: (emit) => lower(found, emit) };
});

/** The 2×2 pool after a ReLU whose full-size result nothing else needs than that pool and its gradient. */
function poolAfter(
  relu: Node,
  context: MatchContext,
): { pool: Node; gradients: PoolGradients | undefined } | undefined {
  if (context.isOutput(relu)) return undefined;
  const readers = context.usesOf(relu);
  const [pool, ...otherPools] = readers.filter((use) => isOp(use, "maxPool2d") && isTwoByTwo(use.attributes));
  if (pool === undefined || otherPools.length > 0) return undefined;
  const others = readers.filter((use) => use !== pool);
  if (others.length === 0) return { pool, gradients: undefined };
  const gradients = context.find(POOL_GRADIENTS, relu);
  const areOthers = gradients?.covers.length === others.length && others.every((use) => gradients.covers.includes(use));
  return areOthers ? { pool, gradients } : undefined;
}

function isTwoByTwo({ geometry: g }: PoolAttributes): boolean {
  const two = g.kernelHeight === 2 && g.kernelWidth === 2 && g.strideHeight === 2 && g.strideWidth === 2;
  const plain = g.dilationHeight === 1 && g.dilationWidth === 1 && g.padTop === 0 && g.padLeft === 0;
  return two && plain && g.outHeight === g.inHeight >> 1 && g.outWidth === g.inWidth >> 1;
}

function lower({ conv, bias, relu, pool, result }: Convolution, emit: RuleEmitter): void {
  emit.begin(pool ? "conv2d + maxPool2d" : relu ? "conv2d + relu" : "conv2d", conv.layer);
  const { geometry } = conv.attributes;
  const options = { geometry, bias: bias !== undefined, relu, pool: pool !== undefined };
  const operands = {
    filters: emit.value(conv.operand("filter")),
    bias: bias && emit.value(bias),
  };
  const input = emit.value(conv.operand("x"));
  const output = emit.result(result);
  if (pool === undefined) {
    const directly = () => emit.dispatch(forwardKernel(conv, options, emit), { input, ...operands, output });
    convolve(conv, options, directly, { source: input, ...operands, result: output }, emit);
    return;
  }
  const [batch, height, width, channels] = pool.shape as [number, number, number, number];
  const words = batch * height * width * Math.ceil(channels / 4);
  const winners = emit.scratch(`${conv.layer ?? "conv2d"}/winners`, words, "u32");
  emit.leave(WINNERS, pool, winners);
  emit.dispatch(forwardKernel(conv, options, emit), { input, ...operands, output, winners });
}
