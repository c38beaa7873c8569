import { alignTo } from "../../core/align_to.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import type { Kernel } from "../emit/function.ts";
import { fromTilesKernel, outerProductKernel, PANEL, partialsKernel, TILE } from "../kernels/products.ts";
import {
  POINTS,
  winogradFilterGradientKernel,
  winogradFilterKernel,
  winogradGradientKernel,
  winogradResultKernel,
  winogradSourceKernel,
} from "../kernels/winograd.ts";
import { dividePartials, partialsSlices } from "../outer_product.ts";
import { clearKernel, type PaddedImages, paddedSource } from "../padding.ts";
import { type PanelSource, panels, product } from "../product.ts";
import { call, divide, ofBytes, ofProducts } from "../slices.ts";
import { Hidden, inStages, type Places, type Task, type Value } from "../task.ts";
import { fusedConvolution } from "./convolution.ts";
import { FLOAT, range } from "./patches.ts";
import type { Rule } from "./rule.ts";

/** Channels below which transforming costs more than products. */
const LEAST_CHANNELS = 16;
/** Tiles below which the weights' transform costs more. */
const LEAST_TILES = 32;
/** Bytes of transformed tiles and their products that are worked on at a time: they stay in the cache. */
const CHUNK = 2 ** 20;

/** What is convolved: images of `summed` channels, and results of `height` × `width` × `kept`. */
interface Convolved {
  readonly images: Pick<PaddedImages, "batch" | "height" | "width" | "top" | "left">;
  readonly height: number;
  readonly width: number;
  readonly summed: number;
  readonly kept: number;
  readonly epilogue: { readonly bias: boolean; readonly relu: boolean; readonly pool: boolean };
}

const tilesOf = (size: number) => Math.ceil(size / 2);

/** Whether a 3 × 3 convolution is worth it, forward and back. */
function pays(g: ConvGeometry, height: number, width: number): boolean {
  const isSquare = g.kernelHeight === 3 && g.kernelWidth === 3;
  const isDense = [g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth, g.groups].every(
    (one) => one === 1,
  );
  const isVectors = [g.inChannels, g.outChannels].every((count) => count % 4 === 0 && count >= LEAST_CHANNELS);
  const tiles = tilesOf(height) * tilesOf(width);
  // Tiles that hang over the edge are computed in vain.
  return isSquare && isDense && isVectors && g.batch * tiles >= LEAST_TILES && tiles * POINTS <= height * width * 6;
}

/** The weights' 16 matrices, each in panels. */
function transformedWeights(node: Node, filter: Node, source: PanelSource, turned: boolean) {
  const matrix = panels(source);
  const { bytes } = matrix;
  const packed = new Hidden("f32", (POINTS * bytes) / FLOAT, node);
  const matrixBytes = source.columns * source.rowsOfGroup * FLOAT;
  const task: Task = {
    ...{ layer: node.layer, op: "pack weights", kernel: "winograd filter", shape: filter.shape, flops: 0 },
    ...{ reads: [filter], makes: [packed], scratch: [POINTS * matrixBytes], tables: [] },
    kernels: [winogradFilterKernel as Kernel, ...matrix.kernels],
    bind(places) {
      const [weights, to, matrices] = [places.array(filter).address, places.array(packed).address, places.scratch(0)];
      const [first, tapStep] = turned ? [weights + 8 * matrixBytes, -matrixBytes] : [weights, matrixBytes];
      const transforms = divide(matrixBytes, ofBytes(25), { unit: 64 }).map(({ begin, count }) => [
        call(winogradFilterKernel, {
          ...{ from: first + begin, tapStep, to: matrices + begin, step: matrixBytes, bytes: count },
        }),
      ]);
      const packs = divide(POINTS, ofBytes(2 * bytes)).map(({ begin, count }) =>
        range(count, (index) => matrix.call(matrices + (begin + index) * matrixBytes, to + (begin + index) * bytes)),
      );
      return inStages(places, [transforms, packs]);
    },
  };
  return { task, packed, bytes };
}

/**
 * Bytes from one of the 16 matrices to the next. Often they would be a power of two, and the 16 values of a tile would want the same
 * lines of the nearest cache.
 */
const planeOf = (floats: number): number => floats * FLOAT + 5 * 64;

/** Rows of tiles of a batch that are worked on at a time. */
interface Chunk {
  readonly image: number;
  /** The first row of tiles, counted in its image. */
  readonly inside: number;
  /** Parameters of kernels. */
  readonly rows: {
    readonly rows: number;
    readonly columns: number;
    readonly left: number;
    readonly rowsOfImage: number;
  };
}

/** `tiles`: room for those of a chunk. There are some for each thread, where they are worth it. */
function chunksOf(batch: number, tileRows: number, columns: number, from: number, to: number) {
  const total = batch * tileRows;
  const pieces = divide(total, ofProducts(columns * POINTS * from * to)).length;
  const fitting = Math.floor(CHUNK / (columns * POINTS * (from + to) * FLOAT));
  const atOnce = Math.max(1, Math.min(fitting, Math.ceil(total / pieces)));
  const list = range(Math.ceil(total / atOnce), (index): Chunk => {
    const first = index * atOnce;
    const [image, inside] = [Math.floor(first / tileRows), first % tileRows];
    const rows = { rows: Math.min(atOnce, total - first), columns, left: tileRows - inside, rowsOfImage: tileRows };
    return { image, inside, rows };
  });
  return { list, tiles: alignTo(Math.min(atOnce, total) * columns, TILE) };
}

/** Images with as much around them as whole tiles take; tiles lie two rows apart. */
function sourceOfTiles(
  images: Convolved["images"],
  padded: { readonly channels: number; readonly height: number; readonly width: number },
) {
  const source = paddedSource({
    ...{ ...images, channels: padded.channels },
    ...{ paddedHeight: padded.height, paddedWidth: padded.width },
  });
  return {
    source,
    offsetOf: ({ image, inside }: Chunk) => image * source.imageBytes + inside * 2 * source.rowBytes,
    /** Bytes from behind an image's last row of tiles to the next image. */
    jump: (tileRows: number) => source.imageBytes - 2 * tileRows * source.rowBytes,
  };
}

/** Source, products and results, some rows of tiles at a time. */
function winograd({ images, height, width, summed, kept, epilogue }: Convolved, panelBytes: number) {
  const [tileRows, columns] = [tilesOf(height), tilesOf(width)];
  const padded = { channels: summed, height: 2 * tileRows + 2, width: 2 * columns + 2 };
  const { source, offsetOf, jump } = sourceOfTiles(images, padded);
  const chunks = chunksOf(images.batch, tileRows, columns, summed, kept);
  const [planeFrom, planeTo] = [planeOf(chunks.tiles * summed), planeOf(chunks.tiles * kept)];
  const multiply = product(
    {
      ...{ rows: range(chunks.tiles, (row) => row * summed * FLOAT), images: POINTS, imageStepB: panelBytes },
      ...{ imageStepA: planeFrom, imageStepC: planeTo },
      ...{ segments: [0], run: summed, columns: kept, rowStepC: kept * FLOAT },
    },
    { bias: false, relu: false, pool: false },
  );
  const [oddHeight, oddWidth] = [height % 2 === 1, width % 2 === 1];
  const before = winogradSourceKernel({ channels: summed });
  const after = winogradResultKernel({ ...epilogue, channels: kept, oddHeight, oddWidth });
  const { pool } = epilogue;
  // A row of tiles is two rows of the result, or one of the pool's; the last of an image may be none of its own.
  const rowStep = (pool ? width >> 1 : width) * kept * FLOAT;
  const rowsOfResult = pool ? height >> 1 : height;
  const stepsOfImage = pool ? tileRows : 2 * tileRows;
  const jumpTo = (rowsOfResult - stepsOfImage) * rowStep;
  return {
    scratch: [source.scratch],
    own: [POINTS * planeFrom, POINTS * planeTo],
    tables: multiply.tables,
    kernels: [...source.kernels, before as Kernel, multiply.kernel, after as Kernel],
    /** What computes it all. */
    bind(places: Places, value: Value, weights: number, to: number, bias: number, codes: number) {
      const { address, fill } = source.bind(places, places.array(value).address, places.scratch(0));
      const [tiles, products] = [places.own(0), places.own(1)];
      const slices = chunks.list.map((chunk) => {
        const done = (chunk.image * rowsOfResult + chunk.inside * (pool ? 1 : 2)) * rowStep;
        const rows = { begin: 0, count: alignTo(chunk.rows.rows * columns, TILE) };
        return [
          call(before, {
            ...{ ...chunk.rows, from: address + offsetOf(chunk), to: tiles, rowBytes: source.rowBytes },
            ...{ planeBytes: planeFrom, jump: jump(tileRows) },
          }),
          multiply.call({ a: tiles, b: weights, c: products }, [places.table(0), places.table(1)], rows),
          call(after, {
            ...{ ...chunk.rows, from: products, to: to + done, codes: codes + done, bias, planeBytes: planeTo },
            ...{ rowStep, jump: jumpTo },
          }),
        ];
      });
      const run = places.inSlices(slices);
      return () => {
        fill();
        run();
      };
    },
  };
}

export const winogradConvolution: Rule = (node, surroundings): Task | undefined => {
  const fused = fusedConvolution(node, surroundings);
  if (!fused) return undefined;
  const { convolution, bias, result, op, relu, codes } = fused;
  const g = convolution.attributes.geometry;
  if (!pays(g, g.outHeight, g.outWidth)) return undefined;
  const [x, filter] = [convolution.operand("x"), convolution.operand("filter")];
  const matrix = { columns: g.outChannels, columnStep: FLOAT, groups: 1, groupStep: 0, rowsOfGroup: g.inChannels };
  const weights = transformedWeights(result, filter, { ...matrix, rowStep: g.outChannels * FLOAT }, false);
  const work = winograd(
    {
      images: { batch: g.batch, height: g.inHeight, width: g.inWidth, top: g.padTop, left: g.padLeft },
      ...{ height: g.outHeight, width: g.outWidth, summed: g.inChannels, kept: g.outChannels },
      epilogue: { bias: bias !== undefined, relu, pool: codes !== undefined },
    },
    weights.bytes,
  );
  return {
    ...{ layer: convolution.layer, op, kernel: "winograd", shape: result.shape },
    flops: flopsOf(convolution) + (result === convolution ? 0 : flopsOf(result)),
    ...{ reads: [x, weights.packed, ...(bias ? [bias] : [])], makes: [result, ...(codes ? [codes] : [])] },
    ...{ first: weights.task, scratch: work.scratch, own: work.own, tables: work.tables, kernels: work.kernels },
    bind(places) {
      const [packed, to, biasAt, codesAt] = [weights.packed, result, bias, codes].map((value) =>
        value ? places.array(value).address : 0,
      ) as [number, number, number, number];
      return work.bind(places, x, packed, to, biasAt, codesAt);
    },
  };
};

/** A convolution of the gradients by the kernel turned around, with input and output channels exchanged. */
export const winogradInputGradient: Rule = (node): Task | undefined => {
  if (!isOp(node, "conv2dInputGradient")) return undefined;
  const g = node.attributes.geometry;
  if (!pays(g, g.inHeight, g.inWidth)) return undefined;
  const [upstream, filter] = [node.operand("upstream"), node.operand("filter")];
  const matrix = { columns: g.inChannels, columnStep: g.outChannels * FLOAT, groups: 1, groupStep: 0 };
  const weights = transformedWeights(node, filter, { ...matrix, rowsOfGroup: g.outChannels, rowStep: FLOAT }, true);
  const work = winograd(
    {
      images: { batch: g.batch, height: g.outHeight, width: g.outWidth, top: 2 - g.padTop, left: 2 - g.padLeft },
      ...{ height: g.inHeight, width: g.inWidth, summed: g.outChannels, kept: g.inChannels },
      epilogue: { bias: false, relu: false, pool: false },
    },
    weights.bytes,
  );
  return {
    ...{ layer: node.layer, op: node.op.name, kernel: "winograd", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [upstream, weights.packed], makes: [node], first: weights.task },
    ...{ scratch: work.scratch, own: work.own, tables: work.tables, kernels: work.kernels },
    bind(places) {
      const [packed, to] = [places.array(weights.packed).address, places.array(node).address];
      return work.bind(places, upstream, packed, to, 0, 0);
    },
  };
};

/** The filter's gradient of the 16 sums. `taps`: room for its nine matrices. */
function filterStages({ inChannels, outChannels }: ConvGeometry, sums: number, taps: number, to: number) {
  const panelCount = Math.ceil(outChannels / PANEL);
  const sumBytes = panelCount * inChannels * PANEL * FLOAT;
  const unpack = unpackOf(outChannels);
  const transforms = divide(sumBytes, ofBytes(25), { unit: 64 }).map(({ begin, count }) => [
    call(winogradFilterGradientKernel, { from: sums + begin, to: taps + begin, step: sumBytes, bytes: count }),
  ]);
  const rowStep = outChannels * FLOAT;
  const rows = divide(9, ofBytes(2 * sumBytes)).map(({ begin, count }) =>
    range(count, (index) =>
      call(unpack, {
        ...{ from: taps + (begin + index) * sumBytes, to: to + (begin + index) * inChannels * rowStep, rowStep },
        ...{ rows: inChannels, panels: panelCount, panelBytes: inChannels * PANEL * FLOAT },
      }),
    ),
  );
  return [transforms, rows];
}

const unpackOf = (columns: number) => fromTilesKernel({ lastColumns: ((columns - 1) % PANEL) + 1 });

/** Sums of products of transformed images and gradients, transformed once at the end. */
export const winogradFilterGradient: Rule = (node): Task | undefined => {
  if (!isOp(node, "conv2dFilterGradient")) return undefined;
  const g = node.attributes.geometry;
  if (!pays(g, g.outHeight, g.outWidth)) return undefined;
  const [x, upstream] = [node.operand("x"), node.operand("upstream")];
  const [tileRows, columns] = [tilesOf(g.outHeight), tilesOf(g.outWidth)];
  const images = sourceOfTiles(
    { batch: g.batch, height: g.inHeight, width: g.inWidth, top: g.padTop, left: g.padLeft },
    { channels: g.inChannels, height: 2 * tileRows + 2, width: 2 * columns + 2 },
  );
  const gradients = sourceOfTiles(
    { batch: g.batch, height: g.outHeight, width: g.outWidth, top: 0, left: 0 },
    { channels: g.outChannels, height: 2 * tileRows, width: 2 * columns },
  );
  const chunks = chunksOf(g.batch, tileRows, columns, g.inChannels, g.outChannels);
  const panelCount = Math.ceil(g.outChannels / PANEL);
  const panelBytes = chunks.tiles * PANEL * FLOAT;
  const [planeFrom, planeTo] = [planeOf(chunks.tiles * g.inChannels), planeOf(chunks.tiles * panelCount * PANEL)];
  const sumBytes = panelCount * g.inChannels * PANEL * FLOAT;
  const sumsBytes = POINTS * sumBytes;
  // Sums of some chunks each.
  const ofChunk = ofProducts(chunks.tiles * POINTS * g.inChannels * g.outChannels);
  const partials = dividePartials(chunks.list.length, ofChunk, sumsBytes);
  const pixel = g.inChannels * FLOAT;
  const before = winogradSourceKernel({ channels: g.inChannels });
  const beforeGradients = winogradGradientKernel({ channels: g.outChannels });
  const multiply = outerProductKernel({ contiguous: true });
  return {
    ...{ layer: node.layer, op: node.op.name, kernel: "winograd", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [x, upstream], makes: [node], tables: [Int32Array.from(range(g.inChannels, (row) => row * FLOAT))] },
    scratch: [images.source.scratch, gradients.source.scratch, partials.length * sumsBytes, 9 * sumBytes],
    own: [POINTS * planeFrom, POINTS * planeTo],
    kernels: [
      ...[...images.source.kernels, ...gradients.source.kernels, clearKernel, winogradFilterGradientKernel],
      partialsKernel,
      ...[before, beforeGradients, multiply, unpackOf(g.outChannels)],
    ] as readonly Kernel[],
    bind(places) {
      const from = images.source.bind(places, places.array(x).address, places.scratch(0));
      const gradientsFrom = gradients.source.bind(places, places.array(upstream).address, places.scratch(1));
      const [tiles, tilesOfGradients, offsets] = [places.own(0), places.own(1), places.table(0)];
      const [sums, taps, to] = [places.scratch(2), places.scratch(3), places.array(node).address];
      const ofOne = (chunk: Chunk, sumsAt: number) => [
        call(before, {
          ...{ ...chunk.rows, from: from.address + images.offsetOf(chunk), to: tiles, planeBytes: planeFrom },
          ...{ rowBytes: images.source.rowBytes, jump: images.jump(tileRows) },
        }),
        call(beforeGradients, {
          ...{ ...chunk.rows, from: gradientsFrom.address + gradients.offsetOf(chunk), to: tilesOfGradients },
          ...{ rowBytes: gradients.source.rowBytes, jump: gradients.jump(tileRows), planeBytes: planeTo, panelBytes },
        }),
        ...range(POINTS, (point) =>
          call(multiply, {
            ...{ a: tiles.plus(point * planeFrom), b: tilesOfGradients.plus(point * planeTo) },
            ...{ c: sumsAt + point * sumBytes, offsets, offsetBytes: pixel, outHeight: 1, stepX: pixel, jump: 0 },
            ...{ widthBytes: chunk.rows.rows * columns * PANEL * FLOAT, panels: panelCount, panelBytes },
          }),
        ),
      ];
      const summing = partials.map(({ begin, count }, partial) => {
        const at = sums + partial * sumsBytes;
        return [
          call(clearKernel, { at, bytes: sumsBytes }),
          ...chunks.list.slice(begin, begin + count).flatMap((chunk) => ofOne(chunk, at)),
        ];
      });
      const adding = partialsSlices(sums, partials.length, sumsBytes);
      const run = inStages(places, [summing, adding, ...filterStages(g, sums, taps, to)]);
      return () => {
        from.fill();
        gradientsFrom.fill();
        run();
      };
    },
  };
};
