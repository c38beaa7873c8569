import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import { placeLinesKernel } from "../kernels/products.ts";
import {
  chunkOf,
  transposeKernel,
  unpoolKernel,
  winnersFilterGradientKernel,
  winnersInputGradientKernel,
  winnersSumKernel,
} from "../kernels/winners.ts";
import { clearKernel } from "../padding.ts";
import type { Hidden, Places, Task } from "../task.ts";
import { FLOAT, inputOf, patchesOf, segmentsOf } from "./patches.ts";
import type { Rule, Surroundings } from "./rule.ts";

/** An entry of a list of winners. */
const ENTRY = 8;

/** What a gradient comes from, where it is one of a pooled convolution: the pool's gradients and codes. */
interface Source {
  readonly g: ConvGeometry;
  readonly upstream: Node;
  readonly codes: Hidden;
}

function sourceOf(gradient: Node, { pooled }: Surroundings): Source | undefined {
  const found = pooled.get(gradient);
  if (found?.gradient?.node !== gradient) return undefined;
  const { convolution, codes } = found;
  return { g: convolution.attributes.geometry, upstream: found.gradient.upstream, codes };
}

/** The whole gradient, zeros and all, for readers that want it so. */
export const unpool: Rule = (node, surroundings): Task | undefined => {
  const source = sourceOf(node, surroundings);
  if (!source) return undefined;
  const { g, upstream, codes } = source;
  const pixelBytes = g.outChannels * FLOAT;
  return {
    ...{ layer: node.layer, op: "maxPool2dGradient + reluGradient", kernel: "unpool", shape: node.shape },
    ...{ flops: flopsOf(node), reads: [upstream, codes], makes: [node], scratch: [], tables: [] },
    kernels: [clearKernel, unpoolKernel],
    bind(places) {
      const [clear, run] = [places.call(clearKernel), places.call(unpoolKernel)];
      const to = places.array(node);
      const isWhole = g.outHeight % 2 === 0 && g.outWidth % 2 === 0;
      const parameters = {
        ...{ upstream: places.array(upstream).address, codes: places.array(codes).address, to: to.address },
        ...{ images: g.batch, imageStepTo: g.outHeight * g.outWidth * pixelBytes, rows: Math.floor(g.outHeight / 2) },
        ...{ rowStepTo: g.outWidth * pixelBytes, columns: Math.floor(g.outWidth / 2), pixelBytes },
      };
      return () => {
        // Of an odd row or column no window takes the last.
        if (!isWhole) clear({ at: to.address, bytes: to.byteLength });
        run(parameters);
      };
    },
  };
};

/** The bias' gradient. */
export const winnersSum: Rule = (node, surroundings): Task | undefined => {
  if (!isOp(node, "sum")) return undefined;
  const source = sourceOf(node.operand("x"), surroundings);
  const { axes } = node.attributes;
  if (!source || axes.join() !== "0,1,2") return undefined;
  const { upstream, codes } = source;
  return {
    ...{ layer: node.layer, op: "sum", kernel: "winners sum", shape: node.shape, flops: codes.size },
    ...{ reads: [upstream, codes], makes: [node], scratch: [], tables: [], kernels: [winnersSumKernel] },
    bind(places) {
      const run = places.call(winnersSumKernel);
      const channels = places.array(node).length;
      const parameters = {
        ...{ upstream: places.array(upstream).address, codes: places.array(codes).address },
        ...{ to: places.array(node).address, windows: codes.size / channels, bytes: channels * FLOAT },
      };
      return () => run(parameters);
    },
  };
};

/** The least values of a segment that are worth a list, and the least channels. */
const LEAST = 16;

/** Where the windows of a pooled convolution find their patches; undefined where a list does not pay. */
function windowsOf(g: ConvGeometry) {
  const source = inputOf(g);
  const { segments, run } = segmentsOf(g, source.rowBytes, g.inChannels, g.groupInChannels);
  if (g.groups !== 1 || run % 4 !== 0 || run < LEAST || g.outChannels < LEAST) return undefined;
  const [stepY, stepX] = [g.strideHeight * source.rowBytes, g.strideWidth * g.inChannels * FLOAT];
  const places = patchesOf(Math.floor(g.outHeight / 2), Math.floor(g.outWidth / 2), 2 * stepY, 2 * stepX);
  const depth = segments.length * run;
  return {
    ...{ source, depth, windows: places.length, chunk: chunkOf(run / 4) },
    tables: [places, patchesOf(2, 2, stepY, stepX), segments].map((table) => Int32Array.from(table)),
    /** The kernels' parameters that are the same for all images; `tables` are the tables' addresses. */
    parameters: ([placesAt, taps, segmentsAt]: readonly [number, number, number]) => ({
      ...{ places: placesAt, placesBytes: places.length * FLOAT, taps, channelBytes: g.outChannels * FLOAT },
      ...{ segments: segmentsAt, segmentBytes: segments.length * FLOAT, run: run * FLOAT, patchBytes: depth * FLOAT },
    }),
  };
}

/** What the gradients of both operands of a pooled convolution have in common; undefined where lists of winners do not pay. */
function gradientOfWinners(node: Node, surroundings: Surroundings) {
  const from = sourceOf(node.operand("upstream"), surroundings);
  const windows = from && windowsOf(from.g);
  if (!windows) return undefined;
  return {
    ...from,
    ...windows,
    task: {
      ...{ layer: node.layer, op: node.op.name, shape: node.shape, makes: [node], tables: windows.tables },
      // A fourth of the products: only winners count.
      flops: flopsOf(node) / 4,
    },
    /** Addresses, and parameters of the kernel that are the same for all images. */
    bind(places: Places) {
      const [upstream, codes] = [places.array(from.upstream).address, places.array(from.codes).address];
      return {
        common: windows.parameters([places.table(0), places.table(1), places.table(2)]),
        ofImage: (image: number) => {
          const step = image * windows.windows * from.g.outChannels * FLOAT;
          return { upstream: upstream + step, codes: codes + step };
        },
      };
    },
  };
}

export const winnersFilterGradient: Rule = (node, surroundings): Task | undefined => {
  if (!isOp(node, "conv2dFilterGradient")) return undefined;
  const of = gradientOfWinners(node, surroundings);
  if (!of) return undefined;
  const { g, source, depth, upstream, codes } = of;
  const x = node.operand("x");
  const kernel = winnersFilterGradientKernel({ chunk: of.chunk });
  const sumsBytes = g.outChannels * depth * FLOAT;
  return {
    ...of.task,
    ...{ kernel: "winners filter gradient", reads: [x, upstream, codes] },
    scratch: [source.scratch, of.windows * ENTRY, sumsBytes],
    kernels: [...source.kernels, clearKernel, transposeKernel, kernel],
    bind(places) {
      const [clear, turn, run] = [places.call(clearKernel), places.call(transposeKernel), places.call(kernel)];
      const { address, fill } = source.bind(places, places.array(x).address, places.scratch(0));
      const to = places.array(node).address;
      const [list, sums] = [places.scratch(1), places.scratch(2)];
      const { common, ofImage } = of.bind(places);
      return () => {
        fill();
        clear({ at: sums, bytes: sumsBytes });
        for (let image = 0; image < g.batch; image++) {
          run({ ...common, ...ofImage(image), x: address + image * source.imageBytes, to: sums, list });
        }
        turn({ from: sums, to, rows: g.outChannels, columns: depth });
      };
    },
  };
};

export const winnersInputGradient: Rule = (node, surroundings): Task | undefined => {
  if (!isOp(node, "conv2dInputGradient")) return undefined;
  const of = gradientOfWinners(node, surroundings);
  if (!of) return undefined;
  const { g, source, depth, upstream, codes } = of;
  const filter = node.operand("filter");
  const kernel = winnersInputGradientKernel({ chunk: of.chunk });
  const pixel = g.inChannels * FLOAT;
  // Where no pixel lies outside, patches are added up in their place.
  const isPlain = source.scratch === 0;
  const height = Math.min(g.inHeight, source.imageBytes / source.rowBytes - g.padTop);
  const width = Math.min(g.inWidth, source.rowBytes / pixel - g.padLeft);
  return {
    ...of.task,
    ...{ kernel: "winners input gradient", reads: [filter, upstream, codes] },
    scratch: [isPlain ? 0 : source.imageBytes, 4 * g.outChannels * ENTRY, g.outChannels * depth * FLOAT],
    kernels: [clearKernel, transposeKernel, placeLinesKernel, kernel],
    bind(places) {
      const [clear, turn, run] = [places.call(clearKernel), places.call(transposeKernel), places.call(kernel)];
      const copy = places.call(placeLinesKernel);
      const from = places.array(filter).address;
      const to = places.array(node);
      const [padded, lists, weights] = [places.scratch(0), places.scratch(1), places.scratch(2)];
      const { common, ofImage } = of.bind(places);
      const imageBytes = g.inHeight * g.inWidth * pixel;
      const isWhole = height === g.inHeight && width === g.inWidth;
      return () => {
        turn({ from, to: weights, rows: depth, columns: g.outChannels });
        if (isPlain || !isWhole) clear({ at: to.address, bytes: to.byteLength });
        for (let image = 0; image < g.batch; image++) {
          const own = to.address + image * imageBytes;
          if (!isPlain) clear({ at: padded, bytes: source.imageBytes });
          run({ ...common, ...ofImage(image), lists, weights, to: isPlain ? own : padded });
          if (isPlain) continue;
          copy({
            ...{ from: padded + g.padTop * source.rowBytes + g.padLeft * pixel, to: own, images: 1, imageStepFrom: 0 },
            ...{ imageStepTo: 0, rows: height, rowStepFrom: source.rowBytes, rowStepTo: g.inWidth * pixel },
            rowBytes: width * pixel,
          });
        }
      };
    },
  };
};
