import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import { partialsKernel, placeLinesKernel } from "../kernels/products.ts";
import {
  chunkOf,
  transposeKernel,
  unpoolKernel,
  winnersFilterGradientKernel,
  winnersInputGradientKernel,
  winnersSumKernel,
} from "../kernels/winners.ts";
import { dividePartials, partialsSlices } from "../outer_product.ts";
import { clearKernel } from "../padding.ts";
import { call, divide, ofBytes, ofProducts } from "../slices.ts";
import { type Hidden, inStages, type Places, type Task } from "../task.ts";
import { FLOAT, inputOf, patchesOf, range, segmentsOf } from "./patches.ts";
import type { Rule, Surroundings } from "./rule.ts";

type Three = [number, number, number];

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
      const [from, codesAt, toAt] = [upstream, codes, node].map((value) => places.array(value).address) as Three;
      const isWhole = g.outHeight % 2 === 0 && g.outWidth % 2 === 0;
      const [rows, columns] = [Math.floor(g.outHeight / 2), Math.floor(g.outWidth / 2)];
      const [step, imageStepTo] = [rows * columns * pixelBytes, g.outHeight * g.outWidth * pixelBytes];
      const slices = divide(g.batch, ofBytes(imageStepTo + 2 * step)).map(({ begin, count }) => {
        const to = toAt + begin * imageStepTo;
        const parameters = {
          ...{ upstream: from + begin * step, codes: codesAt + begin * step, to, images: count, imageStepTo },
          ...{ rows, rowStepTo: g.outWidth * pixelBytes, columns, pixelBytes },
        };
        // Of an odd row or column no window takes the last.
        const clear = isWhole ? [] : [call(clearKernel, { at: to, bytes: count * imageStepTo })];
        return [...clear, call(unpoolKernel, parameters)];
      });
      return places.inSlices(slices);
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
      const [from, codesAt, to] = [upstream, codes, node].map((value) => places.array(value).address) as Three;
      const step = places.array(node).byteLength;
      const windows = (codes.size * FLOAT) / step;
      const slices = divide(step, ofBytes(2 * windows), { unit: 64 }).map(({ begin, count: bytes }) => {
        const parameters = { upstream: from + begin, codes: codesAt + begin, to: to + begin, windows, step, bytes };
        return [call(winnersSumKernel, parameters)];
      });
      return places.inSlices(slices);
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
    /** Of an image: a fourth of the products, each by way of a list. */
    nanoseconds: ofProducts(windows.windows * from.g.outChannels * windows.depth) * 2,
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
  const partials = dividePartials(g.batch, of.nanoseconds, sumsBytes);
  return {
    ...of.task,
    ...{ kernel: "winners filter gradient", reads: [x, upstream, codes] },
    scratch: [source.scratch, partials.length * sumsBytes],
    own: [of.windows * ENTRY],
    kernels: [...source.kernels, clearKernel, partialsKernel, transposeKernel, kernel],
    bind(places) {
      const { address, fill } = source.bind(places, places.array(x).address, places.scratch(0));
      const [sums, list, to] = [places.scratch(1), places.own(0), places.array(node).address];
      const { common, ofImage } = of.bind(places);
      const summing = partials.map(({ begin, count }, partial) => {
        const at = sums + partial * sumsBytes;
        const images = range(count, (index) => {
          const image = begin + index;
          const x = address + image * source.imageBytes;
          return call(kernel, { ...common, ...ofImage(image), x, to: at, list });
        });
        return [call(clearKernel, { at, bytes: sumsBytes }), ...images];
      });
      const adding = partialsSlices(sums, partials.length, sumsBytes);
      const run = inStages(places, [summing, adding, transposeSlices(sums, to, g.outChannels, depth)]);
      return () => {
        fill();
        run();
      };
    },
  };
};

/** to[columns][rows] = from[rows][columns]. */
const transposeSlices = (from: number, to: number, rows: number, columns: number) =>
  divide(columns, ofBytes(8 * rows * FLOAT), { unit: 4 }).map(({ begin, count }) => [
    call(transposeKernel, {
      ...{ from: from + begin * FLOAT, to: to + begin * rows * FLOAT, rows, columns: count },
      ...{ fromStep: columns * FLOAT, toStep: rows * FLOAT },
    }),
  ]);

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
    scratch: [g.outChannels * depth * FLOAT],
    own: [isPlain ? 0 : source.imageBytes, 4 * g.outChannels * ENTRY],
    kernels: [clearKernel, transposeKernel, placeLinesKernel, kernel],
    bind(places) {
      const [from, to] = [places.array(filter).address, places.array(node).address];
      const [padded, lists, weights] = [places.own(0), places.own(1), places.scratch(0)];
      const { common, ofImage } = of.bind(places);
      const imageBytes = g.inHeight * g.inWidth * pixel;
      const isWhole = height === g.inHeight && width === g.inWidth;
      const imageCalls = (image: number) => {
        const own = to + image * imageBytes;
        const clear = isPlain || !isWhole ? [call(clearKernel, { at: own, bytes: imageBytes })] : [];
        const add = call(kernel, { ...common, ...ofImage(image), lists, weights, to: isPlain ? own : padded });
        if (isPlain) return [...clear, add];
        const copy = call(placeLinesKernel, {
          ...{ from: padded.plus(g.padTop * source.rowBytes + g.padLeft * pixel), to: own, images: 1 },
          ...{ imageStepFrom: 0, imageStepTo: 0, rows: height, rowStepFrom: source.rowBytes },
          ...{ rowStepTo: g.inWidth * pixel, rowBytes: width * pixel },
        });
        return [...clear, call(clearKernel, { at: padded, bytes: source.imageBytes }), add, copy];
      };
      const images = divide(g.batch, of.nanoseconds).map(({ begin, count }) =>
        range(count, (index) => imageCalls(begin + index)).flat(),
      );
      return inStages(places, [transposeSlices(from, weights, depth, g.outChannels), images]);
    },
  };
};
