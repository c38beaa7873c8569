import { at } from "../core/at.ts";
import { constantOp, variableOp } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { addOp } from "../graph/ops/arithmetic.ts";
import { batchRowsOp } from "../graph/ops/batch_rows.ts";
import { conv2dFilterGradientOp, conv2dInputGradientOp, conv2dOp } from "../graph/ops/conv2d.ts";
import { countCorrectOp } from "../graph/ops/count_correct.ts";
import { gatherRowsOp } from "../graph/ops/gather_rows.ts";
import { matmulOp } from "../graph/ops/matmul.ts";
import { maxPool2dGradientOp, maxPool2dOp, type PoolAttributes } from "../graph/ops/max_pool2d.ts";
import { sumOp } from "../graph/ops/reduce.ts";
import { reluGradientOp, reluOp } from "../graph/ops/relu.ts";
import { reshapeOp } from "../graph/ops/reshape.ts";
import { softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from "../graph/ops/softmax_cross_entropy.ts";
import { type BatchNormGroup, batchNormGroup } from "./fusion_batch_norm.ts";
import { MOST_FETCHED_ROWS } from "./kernels/index.ts";

/** A convolution with what follows it, computed by one kernel. */
export interface FusedConv {
  readonly kind: "conv";
  readonly conv: Node;
  readonly bias: Node | undefined;
  readonly relu: boolean;
  /** The pool that the kernel ends in, if it is in the kernel. */
  readonly pool: Node | undefined;
  /** The node whose value the kernel writes. */
  readonly result: Node;
}

/** A matrix product with its bias and ReLU. */
export interface FusedMatmul {
  readonly kind: "matmul";
  readonly matmul: Node;
  readonly bias: Node;
  readonly relu: boolean;
  readonly result: Node;
}

/** Filter gradient and bias gradient of one convolution. */
export interface FusedFilterGradient {
  readonly kind: "filterGradient";
  readonly filterGradient: Node;
  readonly biasGradient: Node;
}

/** Loss, its gradient, the count of right answers and the gradient's sum over the rows in one pass over the logits. */
export interface FusedCrossEntropy {
  readonly kind: "crossEntropy";
  readonly loss: Node;
  readonly gradient: Node;
  readonly counts: Node;
  /** The gradient of the last layer's bias. */
  readonly columnSums: Node | undefined;
  /** What the gradient is multiplied by, if not 1. */
  readonly scale: Variable | undefined;
}

/** Images and labels of a batch, fetched by one kernel. */
export interface FusedFetch {
  readonly kind: "fetch";
  readonly rows: Node;
  readonly images: Node;
  readonly labels: Node;
}

export type FusedGroup =
  | FusedConv
  | FusedMatmul
  | FusedFilterGradient
  | FusedCrossEntropy
  | FusedFetch
  | BatchNormGroup;

/** What the rewrites found: nodes that other nodes' kernels compute, and how. */
export interface Fusions {
  /** Node whose turn it is → the group computed then. */
  readonly groups: ReadonlyMap<Node, FusedGroup>;
  /** Nodes that need no kernel of their own. */
  readonly covered: ReadonlySet<Node>;
  /**
   * Gradients before a fused pool and ReLU, which are never materialised: node → the pool whose winners tell where the
   * pooled gradient goes, and the pooled gradient.
   */
  readonly unpooled: ReadonlyMap<Node, { readonly pool: Node; readonly upstream: Node }>;
}

const MOST_LOGITS_OF_ONE_WORKGROUP = 65536;

/** Groups nodes into the kernels that compute several at once. `uses` holds the needed consumers of each node. */
export function findFusions(
  nodes: readonly Node[],
  uses: ReadonlyMap<Node, readonly Node[]>,
  outputs: ReadonlySet<Node>,
): Fusions {
  const groups = new Map<Node, FusedGroup>();
  const covered = new Set<Node>();
  const unpooled = new Map<Node, { pool: Node; upstream: Node }>();
  const usesOf = (node: Node): readonly Node[] => uses.get(node) ?? [];

  /** The only consumer of a node that nobody else sees. */
  const soleUse = (node: Node): Node | undefined => {
    const consumers = usesOf(node);
    return consumers.length === 1 && !outputs.has(node) ? consumers[0] : undefined;
  };

  /** `add(node, vector of the last axis)` as the sole use of node. */
  const biasAdd = (node: Node): { add: Node; bias: Node } | undefined => {
    const add = soleUse(node);
    if (add === undefined || !isOp(add, addOp)) return undefined;
    const bias = at(add.inputs, 0) === node ? at(add.inputs, 1) : at(add.inputs, 0);
    const isVector = bias.shape.length === 1 && bias.shape[0] === node.shape[node.shape.length - 1] && bias !== node;
    return isVector ? { add, bias } : undefined;
  };

  for (const node of nodes) {
    if (isOp(node, conv2dOp)) {
      const biased = biasAdd(node);
      let result = biased?.add ?? node;
      const activated = soleUse(result);
      const relu = activated !== undefined && isOp(activated, reluOp);
      if (relu) result = activated;
      const pooled = relu ? poolAfter(result) : undefined;
      for (const inner of [node, biased?.add, result]) if (inner) covered.add(inner);
      groups.set(pooled?.pool ?? result, {
        kind: "conv",
        conv: node,
        bias: biased?.bias,
        relu,
        pool: pooled?.pool,
        result: pooled?.pool ?? result,
      });
      if (pooled?.gradient) {
        unpooled.set(pooled.gradient.before, { pool: pooled.pool, upstream: pooled.gradient.upstream });
        covered.add(pooled.gradient.before).add(pooled.gradient.scattered);
      }
    } else if (isOp(node, matmulOp)) {
      const biased = biasAdd(node);
      if (biased === undefined) continue;
      const activated = soleUse(biased.add);
      const relu = activated !== undefined && isOp(activated, reluOp);
      const result = relu ? activated : biased.add;
      for (const inner of [node, biased.add, result]) covered.add(inner);
      groups.set(result, { kind: "matmul", matmul: node, bias: biased.bias, relu, result });
    } else if (isOp(node, softmaxCrossEntropyOp) && node.attributes.reduction === "mean") {
      const [logits, labels] = [at(node.inputs, 0), at(node.inputs, 1)];
      const small = logits.shape.reduce((product, extent) => product * extent, 1) <= MOST_LOGITS_OF_ONE_WORKGROUP;
      const same = usesOf(logits).filter((use) => use.inputs[0] === logits && use.inputs[1] === labels);
      const gradient = same.find(
        (use) => isOp(use, softmaxCrossEntropyGradientOp) && use.attributes.reduction === "mean",
      );
      const counts = same.find((use) => isOp(use, countCorrectOp));
      if (
        labels.dtype !== "i32" ||
        !small ||
        gradient === undefined ||
        counts === undefined ||
        !(isOne(at(gradient.inputs, 2)) || isOp(at(gradient.inputs, 2), variableOp))
      ) {
        continue;
      }
      const columnSums = usesOf(gradient).find((use) => isOp(use, sumOp) && use.attributes.axes.join() === "0");
      for (const inner of [node, gradient, counts, columnSums]) if (inner) covered.add(inner);
      const upstream = at(gradient.inputs, 2);
      const scale = isOp(upstream, variableOp) ? upstream.attributes.variable : undefined;
      groups.set(node, { kind: "crossEntropy", loss: node, gradient, counts, columnSums, scale });
    } else if (isOp(node, batchRowsOp)) {
      const fetch = fetchOf(node);
      if (fetch === undefined) continue;
      for (const inner of [node, fetch.images, fetch.labels]) covered.add(inner);
      groups.set(earlier(fetch.images, fetch.labels), fetch);
    }
  }
  for (const node of nodes) {
    if (!isOp(node, conv2dFilterGradientOp)) continue;
    const upstream = at(node.inputs, 1);
    const biasGradient = usesOf(upstream).find((use) => isChannelSum(use));
    if (biasGradient === undefined || covered.has(biasGradient)) continue;
    covered.add(node).add(biasGradient);
    groups.set(earlier(node, biasGradient), { kind: "filterGradient", filterGradient: node, biasGradient });
  }
  for (const node of nodes) {
    const found = batchNormGroup(node, { usesOf, outputs, covered });
    if (found) groups.set(found.turn, found.group);
  }
  return { groups, covered, unpooled };

  /** The images and labels that a batch's row numbers fetch, if they are all that the numbers are for. */
  function fetchOf(rows: Node): FusedFetch | undefined {
    const fromVariable = (use: Node) => isOp(use, gatherRowsOp) && isOp(at(use.inputs, 0), variableOp);
    const fetched = usesOf(rows).filter(fromVariable);
    const labels = fetched.find((use) => use.dtype === "i32" && use.shape.length === 1);
    const images = fetched.find((use) => use.dtype === "f32");
    const all = usesOf(rows).length === 2 && labels !== undefined && images !== undefined && !outputs.has(rows);
    return all && at(rows.shape, 0) <= MOST_FETCHED_ROWS ? { kind: "fetch", rows, images, labels } : undefined;
  }

  /** The 2×2 pool after a ReLU, if the ReLU's full-size result is needed by nothing else than that pool and its gradient. */
  function poolAfter(
    relu: Node,
  ): { pool: Node; gradient?: { scattered: Node; before: Node; upstream: Node } } | undefined {
    if (outputs.has(relu)) return undefined;
    const consumers = usesOf(relu);
    const pools = consumers.filter((use) => isOp(use, maxPool2dOp) && isTwoByTwo(use.attributes));
    const pool = pools[0];
    if (pool === undefined || pools.length !== 1) return undefined;
    const rest = consumers.filter((use) => use !== pool);
    if (rest.length === 0) return { pool };
    const scattered = rest.find((use) => isOp(use, maxPool2dGradientOp));
    const before = rest.find((use) => isOp(use, reluGradientOp));
    if (rest.length !== 2 || scattered === undefined || before === undefined) return undefined;
    const onlyEachOther =
      soleUse(scattered) === before && at(before.inputs, 0) === relu && at(before.inputs, 1) === scattered;
    const kernelsCanGather = usesOf(before).every(
      (use) =>
        (isOp(use, conv2dInputGradientOp) && use.inputs[0] === before) ||
        (isOp(use, conv2dFilterGradientOp) && use.inputs[1] === before && use.inputs[0] !== before) ||
        isChannelSum(use),
    );
    // The bias gradient of a gathered gradient is computed beside the filter gradient, so there must be one.
    const filterGradients = usesOf(before).filter((use) => isOp(use, conv2dFilterGradientOp)).length;
    const channelSums = usesOf(before).filter((use) => isChannelSum(use)).length;
    if (
      !onlyEachOther ||
      !kernelsCanGather ||
      outputs.has(before) ||
      channelSums > filterGradients ||
      filterGradients > 1
    ) {
      return undefined;
    }
    return { pool, gradient: { scattered, before, upstream: at(scattered.inputs, 1) } };
  }
}

function earlier(a: Node, b: Node): Node {
  return a.id < b.id ? a : b;
}

function isTwoByTwo({ geometry: g }: PoolAttributes): boolean {
  const two = g.kernelHeight === 2 && g.kernelWidth === 2 && g.strideHeight === 2 && g.strideWidth === 2;
  const plain = g.dilationHeight === 1 && g.dilationWidth === 1 && g.padTop === 0 && g.padLeft === 0;
  return two && plain && g.outHeight === g.inHeight >> 1 && g.outWidth === g.inWidth >> 1;
}

/** Sum of an image over batch, height and width. */
function isChannelSum(node: Node): boolean {
  return isOp(node, sumOp) && node.attributes.axes.join() === "0,1,2" && at(node.inputs, 0).shape.length === 4;
}

function isOne(node: Node): boolean {
  return isOp(node, constantOp) && node.attributes.data.length === 1 && node.attributes.data[0] === 1;
}

/** The node below reshapes. */
export function throughReshapes(node: Node): Node {
  let current = node;
  while (isOp(current, reshapeOp)) current = at(current.inputs, 0);
  return current;
}
