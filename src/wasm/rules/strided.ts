import { at } from "../../core/at.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import { PANEL, placePixelsKernel } from "../kernels/products.ts";
import { clearKernel, paddedSource } from "../padding.ts";
import { panels, product } from "../product.ts";
import { call, divide, ofBytes, type Slice } from "../slices.ts";
import { Hidden, inStages, type Task } from "../task.ts";
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
    ...{ reads: [filter], makes: [packed], scratch: [], tables: [], kernels: [...whole.kernels, ...last.kernels] },
    bind(places) {
      const [from, to] = [places.array(filter).address, places.array(packed).address];
      const slices = pairs.map(({ taps, start }): Slice => {
        let target = to + start;
        const calls = range(g.groups, (group) =>
          range(panelCount, (panel) =>
            taps.map((tap) => {
              const channel = (tap * g.groupInChannels + panel * PANEL) * g.outChannels + group * g.groupOutChannels;
              target += tapBytes;
              return (panel + 1 < panelCount ? whole : last).call(from + channel * FLOAT, target - tapBytes);
            }),
          ),
        );
        return calls.flat(2);
      });
      return places.inSlices(slices);
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
    ...{ batch: g.batch, height: g.outHeight, width: g.outWidth, channels: g.outChannels },
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
  const bytesOf = ({ y, x }: (typeof pairs)[number]) => g.batch * y.count * x.count * pixelOut;
  return {
    ...{ layer: node.layer, op: "conv2dInputGradient", kernel: "product", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [upstream, weights.packed], makes: [node], scratch: [source.scratch, ...pairs.map(bytesOf)] },
    ...{ first: weights.task, tables: multiplies.flatMap(({ tables }) => tables) },
    kernels: [...source.kernels, clearKernel, placePixelsKernel, ...multiplies.map(({ kernel }) => kernel)],
    bind(places) {
      const [packed, result] = [places.array(weights.packed).address, places.array(node)];
      const { address, fill } = source.bind(places, places.array(upstream).address, places.scratch(0));
      const products = multiplies.map((multiply, index) => {
        const { taps, start: first } = at(weights.pairs, index);
        const groups = range(g.groups, (group) => {
          const a = address + group * g.groupOutChannels * FLOAT;
          const b = packed + first + group * weights.groupBytes(taps);
          const c = places.scratch(1 + index) + group * g.groupInChannels * FLOAT;
          return multiply.slices({ a, b, c }, [places.table(2 * index), places.table(2 * index + 1)]);
        });
        return groups.flat();
      });
      const copies = pairs.map((pair, index) => copiesOf(pair, g, places.scratch(1 + index), result.address));
      // Pixels that no window reaches.
      const isWhole = pairs.length === down.length * right.length;
      const clear: Slice = [call(clearKernel, { at: result.address, bytes: result.byteLength })];
      const run = inStages(places, [isWhole ? [] : [clear], products.flat(), copies.flat()]);
      return () => {
        fill();
        run();
      };
    },
  };
};

/** What brings one product to its pixels, some images a slice. */
function copiesOf({ y, x }: { y: Phase; x: Phase }, g: ConvGeometry, from: number, to: number): Slice[] {
  const pixel = g.inChannels * FLOAT;
  const [imageStepFrom, imageStepTo] = [y.count * x.count * pixel, g.inHeight * g.inWidth * pixel];
  const first = to + (y.first * g.inWidth + x.first) * pixel;
  return divide(g.batch, ofBytes(2 * imageStepFrom)).map(({ begin, count }) => [
    call(placePixelsKernel, {
      ...{ from: from + begin * imageStepFrom, to: first + begin * imageStepTo, images: count },
      ...{ imageStepFrom, imageStepTo },
      ...{ rows: y.count, rowStepFrom: x.count * pixel, rowStepTo: g.strideHeight * g.inWidth * pixel },
      ...{ pixels: x.count, pixelBytes: pixel, pixelStepTo: g.strideWidth * pixel },
    }),
  ]);
}
