import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import { outerProduct } from "../outer_product.ts";
import { paddedSource } from "../padding.ts";
import { product } from "../product.ts";
import { type Hidden, inStages, type Task, type Value } from "../task.ts";
import { FLOAT, inputOf, patchesOf, range, segmentsOf } from "./patches.ts";
import { type BiasedConvolution, biasedConvolution } from "./pooled.ts";
import type { Rule, Surroundings } from "./rule.ts";
import { groupStarts, packedWeights } from "./weights.ts";

const PLAIN = { bias: false, relu: false, pool: false };

/** Rows of a result in the order in which kernels want them: line by line, or window by window of a 2 × 2 pool. */
function resultRows(g: ConvGeometry, pool: boolean, stepY: number, stepX: number): number[] {
  if (!pool) return patchesOf(g.outHeight, g.outWidth, stepY, stepX);
  const windows = patchesOf(Math.floor(g.outHeight / 2), Math.floor(g.outWidth / 2), 2 * stepY, 2 * stepX);
  return windows.flatMap((window) => patchesOf(2, 2, stepY, stepX).map((place) => window + place));
}

/** What a convolution's kernel does beside: all that follows of it up to `result`. */
interface Fused extends BiasedConvolution {
  readonly result: Node;
  readonly op: string;
  readonly relu: boolean;
  /** Where the pool's codes go; undefined without a pool. */
  readonly codes?: Hidden;
}

/** Convolution, bias, ReLU and pool, as far as nothing between them is wanted by others. */
export function fusedConvolution(node: Node, { readers, pooled }: Surroundings): Fused | undefined {
  const pool = pooled.get(node);
  if (pool?.pool === node) {
    const op = pool.bias ? "conv2d + add + relu + maxPool2d" : "conv2d + relu + maxPool2d";
    return { ...pool, result: node, op, relu: true };
  }
  const relu = isOp(node, "relu");
  const last = relu ? node.operand("x") : node;
  if (relu && !readers.isOnly(last, node)) return undefined;
  const biased = biasedConvolution(last, readers);
  if (!biased) return undefined;
  return { ...biased, result: node, op: `conv2d${biased.bias ? " + add" : ""}${relu ? " + relu" : ""}`, relu };
}

export const convolution: Rule = (node, surroundings) => {
  const fused = fusedConvolution(node, surroundings);
  return fused && !isDepthwise(fused.convolution.attributes.geometry) ? convolutionTask(fused) : undefined;
};

function convolutionTask({ convolution: node, bias, result, op, relu, codes }: Fused): Task {
  const g = node.attributes.geometry;
  const [x, filter] = [node.operand("x"), node.operand("filter")];
  const source = inputOf(g);
  const depth = g.kernelHeight * g.kernelWidth * g.groupInChannels;
  const pixel = g.inChannels * FLOAT;
  const rowStepC = g.outChannels * FLOAT;
  const weights = packedWeights(
    node,
    filter,
    {
      ...{ columns: g.groupOutChannels, columnStep: FLOAT, groups: 1, groupStep: 0, rowsOfGroup: depth },
      rowStep: g.outChannels * FLOAT,
    },
    groupStarts(g.groups, g.groupOutChannels),
  );
  const pool = codes !== undefined;
  const rows = resultRows(g, pool, g.strideHeight * source.rowBytes, g.strideWidth * pixel);
  const multiply = product(
    {
      ...{ rows, images: g.batch, imageStepA: source.imageBytes },
      imageStepC: (pool ? rows.length / 4 : rows.length) * rowStepC,
      ...segmentsOf(g, source.rowBytes, g.inChannels, g.groupInChannels),
      ...{ columns: g.groupOutChannels, rowStepC },
    },
    { bias: bias !== undefined, relu, pool },
  );
  return {
    ...{ layer: node.layer, op, kernel: "product", shape: result.shape },
    flops: flopsOf(node) + (result === node ? 0 : flopsOf(result)),
    ...{ reads: [x, weights.packed, ...(bias ? [bias] : [])], makes: [result, ...(codes ? [codes] : [])] },
    ...{ first: weights.task, scratch: [source.scratch], tables: multiply.tables },
    kernels: [...source.kernels, multiply.kernel],
    bind(places) {
      const addressOf = (value: Value | undefined) => (value ? places.array(value).address : 0);
      const [packed, out] = [addressOf(weights.packed), addressOf(result)];
      const { address, fill } = source.bind(places, addressOf(x), places.scratch(0));
      const [biasAt, codesAt] = [addressOf(bias), addressOf(codes)];
      const slices = range(g.groups, (group) => {
        const columns = group * g.groupOutChannels * FLOAT;
        const [a, b] = [address + group * g.groupInChannels * FLOAT, packed + group * weights.groupBytes];
        const operands = { a, b, c: out + columns, bias: biasAt + columns, codes: codesAt + columns };
        return multiply.slices(operands, [places.table(0), places.table(1)]);
      });
      const run = places.inSlices(slices.flat());
      return () => {
        fill();
        run();
      };
    },
  };
}

/**
 * The gradient of the input is a convolution of the gradients by the kernel turned around, with input and output channels
 * exchanged. Where the forward one strides: rules/strided.ts, before this rule.
 */
export const convolutionInputGradient: Rule = (node) => {
  if (!isOp(node, "conv2dInputGradient")) return undefined;
  const g = node.attributes.geometry;
  if (isDepthwise(g)) return undefined;
  const [upstream, filter] = [node.operand("upstream"), node.operand("filter")];
  const [spanY, spanX] = [(g.kernelHeight - 1) * g.dilationHeight, (g.kernelWidth - 1) * g.dilationWidth];
  const source = paddedSource({
    ...{ batch: g.batch, height: g.outHeight, width: g.outWidth, channels: g.outChannels },
    ...{ top: spanY - g.padTop, left: spanX - g.padLeft },
    ...{ paddedHeight: g.inHeight + spanY, paddedWidth: g.inWidth + spanX },
  });
  const taps = g.kernelHeight * g.kernelWidth;
  const tapBytes = g.groupInChannels * g.outChannels * FLOAT;
  const lastTap = (taps - 1) * tapBytes;
  const weights = packedWeights(
    node,
    filter,
    {
      ...{ columns: g.groupInChannels, columnStep: g.outChannels * FLOAT },
      ...{ groups: taps, groupStep: -tapBytes, rowsOfGroup: g.groupOutChannels, rowStep: FLOAT },
    },
    groupStarts(g.groups, g.groupOutChannels).map((start) => lastTap + start),
  );
  const rows = patchesOf(g.inHeight, g.inWidth, source.rowBytes, g.outChannels * FLOAT);
  const rowStepC = g.inChannels * FLOAT;
  const multiply = product(
    {
      ...{ rows, images: g.batch, imageStepA: source.imageBytes, imageStepC: rows.length * rowStepC },
      ...segmentsOf(g, source.rowBytes, g.outChannels, g.groupOutChannels),
      ...{ columns: g.groupInChannels, rowStepC },
    },
    PLAIN,
  );
  return {
    ...{ layer: node.layer, op: "conv2dInputGradient", kernel: "product", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [upstream, weights.packed], makes: [node], scratch: [source.scratch], tables: multiply.tables },
    ...{ first: weights.task, kernels: [...source.kernels, multiply.kernel] },
    bind(places) {
      const [packed, out] = [places.array(weights.packed).address, places.array(node).address];
      const { address, fill } = source.bind(places, places.array(upstream).address, places.scratch(0));
      const slices = range(g.groups, (group) => {
        const [a, b] = [address + group * g.groupOutChannels * FLOAT, packed + group * weights.groupBytes];
        const c = out + group * g.groupInChannels * FLOAT;
        return multiply.slices({ a, b, c }, [places.table(0), places.table(1)]);
      });
      const run = places.inSlices(slices.flat());
      return () => {
        fill();
        run();
      };
    },
  };
};

export const convolutionFilterGradient: Rule = (node) => {
  if (!isOp(node, "conv2dFilterGradient")) return undefined;
  const g = node.attributes.geometry;
  if (isDepthwise(g)) return undefined;
  const [x, upstream] = [node.operand("x"), node.operand("upstream")];
  const source = inputOf(g);
  const pixel = g.inChannels * FLOAT;
  const { segments, run } = segmentsOf(g, source.rowBytes, g.inChannels, g.groupInChannels);
  const multiply = outerProduct({
    offsets: segments.flatMap((segment) => range(run, (index) => segment + index * FLOAT)),
    ...{ images: g.batch, imageStepA: source.imageBytes, outHeight: g.outHeight, outWidth: g.outWidth },
    ...{ stepX: g.strideWidth * pixel, stepY: g.strideHeight * source.rowBytes },
    ...{ columns: g.groupOutChannels, rowStepB: g.outChannels * FLOAT, rowStepC: g.outChannels * FLOAT },
  });
  return {
    ...{ layer: node.layer, op: "conv2dFilterGradient", kernel: "outer product", shape: node.shape },
    ...{ flops: flopsOf(node), reads: [x, upstream], makes: [node] },
    ...{ scratch: [source.scratch, ...multiply.scratch], own: multiply.own, tables: multiply.tables },
    kernels: [...source.kernels, ...multiply.kernels],
    bind(places) {
      const [from, gradients, out] = [x, upstream, node].map((value) => places.array(value).address) as [
        number,
        number,
        number,
      ];
      const { address, fill } = source.bind(places, from, places.scratch(0));
      const at = { offsets: places.table(0), sums: places.scratch(1), panels: places.scratch(2), own: places.own(0) };
      // Groups one after the other: they work in the same place.
      const groups = range(g.groups, (group) => {
        const a = address + group * g.groupInChannels * FLOAT;
        const columns = group * g.groupOutChannels * FLOAT;
        return inStages(places, multiply.stages({ ...at, a, b: gradients + columns, c: out + columns }));
      });
      return () => {
        fill();
        for (const run of groups) run();
      };
    },
  };
};

/** Nothing is summed over channels there; another kernel's business. */
const isDepthwise = (g: ConvGeometry): boolean => g.groupInChannels === 1 && g.groups > 1;
