import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import { PANEL, placePixelsKernel } from "../kernels/products.ts";
import { clearKernel, paddedSource } from "../padding.ts";
import { panels, product } from "../product.ts";
import { Hidden, type Task } from "../task.ts";
import { FLOAT, patchesOf, range } from "./patches.ts";
import type { Rule } from "./rule.ts";

/** Along one axis: every `stride`-th place of the input from `first` on, and the taps of the window that reach them. */
interface Phase {
  readonly first: number;
  readonly count: number;
  /** `shift`: the result's place that the tap reaches the first of them from. */
  readonly taps: readonly { readonly tap: number; readonly shift: number }[];
}

/** A place is at tap · dilation − padding from stride times the result's place. */
function phasesOf(
  extent: number,
  [taps, stride, dilation, padding]: readonly [number, number, number, number],
): readonly Phase[] {
  return range(Math.min(stride, extent), (first) => ({
    first,
    count: Math.ceil((extent - first) / stride),
    taps: range(taps, (tap) => ({ tap, shift: (first + padding - tap * dilation) / stride })).filter(({ shift }) =>
      Number.isInteger(shift),
    ),
  }));
}

/** Rows (or columns) of zeros that all phases want before the result, and how many it has with them. */
function borderOf(phases: readonly Phase[]): { before: number; size: number } {
  const firsts = phases.flatMap(({ taps }) => taps.map(({ shift }) => shift));
  const ends = phases.flatMap(({ taps, count }) => taps.map(({ shift }) => shift + count));
  const before = Math.max(0, -Math.min(0, ...firsts));
  return { before, size: before + Math.max(0, ...ends) };
}

/** The filter for one pair of phases, [groups][panels of 8 input channels][taps][output channels of the group][8]. */
interface PhaseWeights {
  readonly taps: readonly number[];
  readonly start: number;
}

/** Packs the filters of all pairs of phases, a task by itself, as `packedWeights` does. */
function phaseFilters(node: Node, filter: Node, g: ConvGeometry, tapsOfPairs: readonly (readonly number[])[]) {
  const panelCount = Math.ceil(g.groupInChannels / PANEL);
  const tapBytes = g.groupOutChannels * PANEL * FLOAT;
  const groupBytes = (taps: readonly number[]) => panelCount * taps.length * tapBytes;
  let bytes = 0;
  const pairs = tapsOfPairs.map((taps): PhaseWeights => {
    const start = bytes;
    bytes += g.groups * groupBytes(taps);
    return { taps, start };
  });
  const [whole, last] = [PANEL, g.groupInChannels - (panelCount - 1) * PANEL].map((columns) =>
    panels({
      ...{ columns, columnStep: g.outChannels * FLOAT, groups: 1, groupStep: 0 },
      ...{ rowsOfGroup: g.groupOutChannels, rowStep: FLOAT },
    }),
  ) as [ReturnType<typeof panels>, ReturnType<typeof panels>];
  const packed = new Hidden("f32", bytes / FLOAT, node);
  const task: Task = {
    ...{ layer: node.layer, op: "pack weights", kernel: "panels", shape: filter.shape, flops: 0 },
    ...{ reads: [filter], makes: [packed], scratch: [], tables: [], kernels: [whole.kernel, last.kernel] },
    bind(places) {
      const [packWhole, packLast] = [whole.bind(places), last.bind(places)];
      const [from, to] = [places.array(filter).address, places.array(packed).address];
      return () => {
        for (const { taps, start } of pairs) {
          let target = to + start;
          for (let group = 0; group < g.groups; group++) {
            for (let panel = 0; panel < panelCount; panel++) {
              for (const tap of taps) {
                const channel = (tap * g.groupInChannels + panel * PANEL) * g.outChannels + group * g.groupOutChannels;
                (panel + 1 < panelCount ? packWhole : packLast)(from + channel * FLOAT, target);
                target += tapBytes;
              }
            }
          }
        }
      };
    },
  };
  return { task, packed, pairs, groupBytes };
}

/**
 * The gradient of a strided convolution's input, as a convolution of its own for each place between strides: a window's tap
 * reaches only every `stride`-th pixel, so that none multiplies with zeros.
 */
export const stridedInputGradient: Rule = (node) => {
  if (!isOp(node, "conv2dInputGradient")) return undefined;
  const g = node.attributes.geometry;
  const isDepthwise = g.groupInChannels === 1 && g.groups > 1;
  if (isDepthwise || (g.strideHeight === 1 && g.strideWidth === 1)) return undefined;
  const [upstream, filter] = [node.operand("upstream"), node.operand("filter")];
  const down = phasesOf(g.inHeight, [g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop]);
  const right = phasesOf(g.inWidth, [g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft]);
  const [vertical, horizontal] = [borderOf(down), borderOf(right)];
  const source = paddedSource({
    ...{ batch: g.batch, height: g.outHeight, width: g.outWidth, channels: g.outChannels, spread: [1, 1] },
    ...{ top: vertical.before, left: horizontal.before },
    ...{ paddedHeight: vertical.size, paddedWidth: horizontal.size },
  });
  const [pixel, pixelOut] = [g.outChannels * FLOAT, g.inChannels * FLOAT];
  const start = vertical.before * source.rowBytes + horizontal.before * pixel;
  const pairs = down
    .flatMap((y) => right.map((x) => ({ y, x })))
    .filter(({ y, x }) => y.taps.length * x.taps.length > 0);
  const multiplies = pairs.map(({ y, x }) => {
    const rows = patchesOf(y.count, x.count, source.rowBytes, pixel).map((row) => start + row);
    return product(
      {
        ...{ rows, images: g.batch, imageStepA: source.imageBytes, imageStepC: rows.length * pixelOut },
        segments: y.taps.flatMap((tapY) => x.taps.map((tapX) => tapY.shift * source.rowBytes + tapX.shift * pixel)),
        ...{ run: g.groupOutChannels, columns: g.groupInChannels, rowStepC: pixelOut },
      },
      { bias: false, relu: false, pool: false },
    );
  });
  const weights = phaseFilters(
    node,
    filter,
    g,
    pairs.map(({ y, x }) => y.taps.flatMap((tapY) => x.taps.map((tapX) => tapY.tap * g.kernelWidth + tapX.tap))),
  );
  const largest = Math.max(0, ...pairs.map(({ y, x }) => y.count * x.count));
  return {
    ...{ layer: node.layer, op: "conv2dInputGradient", kernel: "product", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [upstream, weights.packed], makes: [node], scratch: [source.scratch, g.batch * largest * pixelOut] },
    ...{ first: weights.task, tables: multiplies.flatMap(({ tables }) => tables) },
    kernels: [...source.kernels, clearKernel, placePixelsKernel, ...multiplies.map(({ kernel }) => kernel)],
    bind(places) {
      const [packed, result] = [places.array(weights.packed).address, places.array(node)];
      const { address, fill } = source.bind(places, places.array(upstream).address, places.scratch(0));
      const [clear, place] = [places.call(clearKernel), places.call(placePixelsKernel)];
      const sums = places.scratch(1);
      const works = pairs.map(({ y, x }, index) => {
        const run = multiplies[index]?.bind(places, [places.table(2 * index), places.table(2 * index + 1)]);
        const { taps, start: first } = weights.pairs[index] as PhaseWeights;
        return () => {
          for (let group = 0; group < g.groups; group++) {
            run?.(
              address + group * g.groupOutChannels * FLOAT,
              packed + first + group * weights.groupBytes(taps),
              sums + group * g.groupInChannels * FLOAT,
            );
          }
          place({
            ...{ from: sums, to: result.address + (y.first * g.inWidth + x.first) * pixelOut, images: g.batch },
            ...{ imageStepFrom: y.count * x.count * pixelOut, imageStepTo: g.inHeight * g.inWidth * pixelOut },
            ...{ rows: y.count, rowStepFrom: x.count * pixelOut, rowStepTo: g.strideHeight * g.inWidth * pixelOut },
            ...{ pixels: x.count, pixelBytes: pixelOut, pixelStepTo: g.strideWidth * pixelOut },
          });
        };
      });
      // Pixels that no window reaches.
      const isWhole = pairs.length === down.length * right.length;
      return () => {
        fill();
        if (!isWhole) clear({ at: result.address, bytes: result.byteLength });
        for (const work of works) work();
      };
    },
  };
};
