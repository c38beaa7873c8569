import { sizeOf } from "../../core/shape.ts";
import type { ConvGeometry, PoolGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp, type MatchedNode } from "../../graph/op.ts";
import type { ConvAttributes } from "../../graph/ops/conv2d.ts";
import { Hidden } from "../task.ts";
import type { Readers } from "./readers.ts";

/** A convolution with its bias. */
export interface BiasedConvolution {
  readonly convolution: MatchedNode<ConvAttributes>;
  readonly bias: Node | undefined;
}

/** The convolution and the bias that a node adds, where nothing else reads the convolution; or the convolution itself. */
export function biasedConvolution(node: Node, readers: Readers): BiasedConvolution | undefined {
  if (isOp(node, "conv2d")) return { convolution: node, bias: undefined };
  if (!isOp(node, "add")) return undefined;
  const [a, b] = [node.operand("a"), node.operand("b")];
  const [convolution, bias] = isOp(a, "conv2d") ? [a, b] : [b, a];
  if (!isOp(convolution, "conv2d") || !readers.isOnly(convolution, node)) return undefined;
  const channels = convolution.attributes.geometry.outChannels;
  const isBias = sizeOf(bias.shape) === channels && bias.shape.at(-1) === channels;
  return isBias ? { convolution, bias } : undefined;
}

/** A convolution, bias and ReLU under a 2 × 2 pool, of which only the pool's result and codes are kept. */
export interface PooledConvolution extends BiasedConvolution {
  readonly pool: Node;
  /** Which value of each window won (kernels/winners.ts). */
  readonly codes: Hidden;
  /** The gradient of what ReLU was given, and what it comes from; undefined where the graph has none. */
  readonly gradient: { readonly node: Node; readonly upstream: Node } | undefined;
}

function isHalving(g: PoolGeometry): boolean {
  const sizes = [g.kernelHeight, g.kernelWidth, g.strideHeight, g.strideWidth];
  const pads = [g.padTop, g.padLeft, g.padBottom, g.padRight];
  // Rounded up, a last window hangs over the edge.
  const isInside = 2 * g.outHeight <= g.inHeight && 2 * g.outWidth <= g.inWidth;
  const isDense = g.dilationHeight === 1 && g.dilationWidth === 1;
  return sizes.every((size) => size === 2) && pads.every((pad) => pad === 0) && isDense && isInside;
}

/** Every such convolution of a graph, by its pool and by its gradient. */
export class PooledConvolutions {
  readonly #byNode = new Map<Node, PooledConvolution>();

  constructor(nodes: readonly Node[], readers: Readers) {
    for (const node of nodes) {
      const found = pooledConvolution(node, readers);
      if (!found) continue;
      this.#byNode.set(found.pool, found);
      if (found.gradient) this.#byNode.set(found.gradient.node, found);
    }
  }

  get(node: Node): PooledConvolution | undefined {
    return this.#byNode.get(node);
  }
}

function pooledConvolution(pool: Node, readers: Readers): PooledConvolution | undefined {
  if (!isOp(pool, "maxPool2d") || !isHalving(pool.attributes.geometry)) return undefined;
  const relu = pool.operand("x");
  if (!isOp(relu, "relu")) return undefined;
  const biased = biasedConvolution(relu.operand("x"), readers);
  if (!biased || !readers.isOnly(relu.operand("x"), relu)) return undefined;
  const { geometry } = biased.convolution.attributes;
  if (geometry.groups !== 1 || geometry.outChannels % 4 !== 0 || !fits(geometry, pool.attributes.geometry))
    return undefined;
  const ofRelu = readers.of(relu);
  if (!ofRelu) return undefined;
  const codes = new Hidden("i32", sizeOf(pool.shape), pool);
  const others = ofRelu.filter((reader) => reader !== pool);
  if (others.length === 0) return { ...biased, pool, codes, gradient: undefined };
  const unpooling = others.find((reader) => isOp(reader, "maxPool2dGradient"));
  const gradient = others.find((reader) => isOp(reader, "reluGradient"));
  if (others.length !== 2 || !unpooling || !gradient || !readers.isOnly(unpooling, gradient)) return undefined;
  if (!isOp(unpooling, "maxPool2dGradient") || !isHalving(unpooling.attributes.geometry)) return undefined;
  const isOfRelu = unpooling.operand("x") === relu && gradient.operand("y") === relu;
  if (!isOfRelu || gradient.operand("upstream") !== unpooling) return undefined;
  return { ...biased, pool, codes, gradient: { node: gradient, upstream: unpooling.operand("upstream") } };
}

const fits = (of: ConvGeometry, pool: PoolGeometry): boolean =>
  pool.inHeight === of.outHeight && pool.inWidth === of.outWidth && pool.channels === of.outChannels;
