import { alignTo } from "../../core/align_to.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import type { Kernel } from "../emit/function.ts";
import { fromTilesKernel, outerProductKernel, PANEL, TILE } from "../kernels/products.ts";
import {
  POINTS,
  winogradFilterGradientKernel,
  winogradFilterKernel,
  winogradGradientKernel,
  winogradResultKernel,
  winogradSourceKernel,
} from "../kernels/winograd.ts";
import { clearKernel, type PaddedImages, paddedSource } from "../padding.ts";
import { type PanelSource, panels, product } from "../product.ts";
import { Hidden, type Places, type Task, type Value } from "../task.ts";
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
function transformedWeights(node: Node, filter: Node, matrix: PanelSource, turned: boolean) {
  const { kernel, bytes, bind } = panels(matrix);
  const packed = new Hidden("f32", (POINTS * bytes) / FLOAT, node);
  const matrixBytes = matrix.columns * matrix.rowsOfGroup * FLOAT;
  const task: Task = {
    ...{ layer: node.layer, op: "pack weights", kernel: "winograd filter", shape: filter.shape, flops: 0 },
    ...{ reads: [filter], makes: [packed], scratch: [POINTS * matrixBytes], tables: [] },
    kernels: [winogradFilterKernel as Kernel, kernel],
    bind(places) {
      const [transform, pack] = [places.call(winogradFilterKernel), bind(places)];
      const [weights, to, matrices] = [places.array(filter).address, places.array(packed).address, places.scratch(0)];
      const [from, tapStep] = turned ? [weights + 8 * matrixBytes, -matrixBytes] : [weights, matrixBytes];
      return () => {
        transform({ from, tapStep, to: matrices, bytes: matrixBytes });
        for (let point = 0; point < POINTS; point++) pack(matrices + point * matrixBytes, to + point * bytes);
      };
    },
  };
  return { task, packed, bytes };
}

/**
 * Bytes from one of the 16 matrices to the next. Often they would be a power of two, and the 16 values of a tile would want the same
 * lines of the nearest cache.
 */
const planeOf = (floats: number): number => floats * FLOAT + 5 * 64;

type PlacedImages = ReturnType<ReturnType<typeof paddedSource>["bind"]>;
type Four = [number, number, number, number];

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

/** `tiles`: room for those of a chunk. */
function chunksOf(batch: number, tileRows: number, columns: number, channels: number) {
  const atOnce = Math.max(1, Math.floor(CHUNK / (columns * POINTS * channels * FLOAT)));
  const total = batch * tileRows;
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
    ...{ ...images, channels: padded.channels, spread: [1, 1] },
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
  const chunks = chunksOf(images.batch, tileRows, columns, summed + kept);
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
    scratch: [source.scratch, POINTS * planeFrom, POINTS * planeTo],
    tables: multiply.tables,
    kernels: [...source.kernels, before as Kernel, multiply.kernel, after as Kernel],
    bind(places: Places, value: Value) {
      const { address, fill } = source.bind(places, places.array(value).address, places.scratch(0));
      const run = multiply.bind(places, [places.table(0), places.table(1)]);
      const [transform, finish] = [places.call(before), places.call(after)];
      const [tiles, products] = [places.scratch(1), places.scratch(2)];
      return (weights: number, to: number, bias: number, codes: number) => {
        fill();
        for (const chunk of chunks.list) {
          transform({
            ...{ ...chunk.rows, from: address + offsetOf(chunk), to: tiles, rowBytes: source.rowBytes },
            ...{ planeBytes: planeFrom, jump: jump(tileRows) },
          });
          run(tiles, weights, products, 0, 0, alignTo(chunk.rows.rows * columns, TILE));
          const done = (chunk.image * rowsOfResult + chunk.inside * (pool ? 1 : 2)) * rowStep;
          finish({
            ...{ ...chunk.rows, from: products, to: to + done, codes: codes + done, bias, planeBytes: planeTo },
            ...{ rowStep, jump: jumpTo },
          });
        }
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
    ...{ first: weights.task, scratch: work.scratch, tables: work.tables, kernels: work.kernels },
    bind(places) {
      const run = work.bind(places, x);
      const [packed, to, biasAt, codesAt] = [weights.packed, result, bias, codes].map((value) =>
        value ? places.array(value).address : 0,
      ) as [number, number, number, number];
      return () => run(packed, to, biasAt, codesAt);
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
    ...{ scratch: work.scratch, tables: work.tables, kernels: work.kernels },
    bind(places) {
      const run = work.bind(places, upstream);
      const [packed, to] = [places.array(weights.packed).address, places.array(node).address];
      return () => run(packed, to, 0, 0);
    },
  };
};

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
  const chunks = chunksOf(g.batch, tileRows, columns, g.inChannels + g.outChannels);
  const panelCount = Math.ceil(g.outChannels / PANEL);
  const panelBytes = chunks.tiles * PANEL * FLOAT;
  const [planeFrom, planeTo] = [planeOf(chunks.tiles * g.inChannels), planeOf(chunks.tiles * panelCount * PANEL)];
  const sumBytes = panelCount * g.inChannels * PANEL * FLOAT;
  const pixel = g.inChannels * FLOAT;
  const before = winogradSourceKernel({ channels: g.inChannels });
  const beforeGradients = winogradGradientKernel({ channels: g.outChannels });
  const multiply = outerProductKernel({ contiguous: true });
  const unpack = fromTilesKernel({ lastColumns: ((g.outChannels - 1) % PANEL) + 1 });
  return {
    ...{ layer: node.layer, op: node.op.name, kernel: "winograd", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [x, upstream], makes: [node], tables: [Int32Array.from(range(g.inChannels, (row) => row * FLOAT))] },
    scratch: [
      ...[images.source.scratch, gradients.source.scratch, POINTS * planeFrom, POINTS * planeTo],
      ...[POINTS * sumBytes, 9 * sumBytes],
    ],
    kernels: [
      ...[...images.source.kernels, ...gradients.source.kernels, clearKernel, winogradFilterGradientKernel],
      ...[before, beforeGradients, multiply, unpack],
    ] as readonly Kernel[],
    bind(places) {
      const [from, toTiles] = [images, gradients].map(({ source }, index) =>
        source.bind(places, places.array(index === 0 ? x : upstream).address, places.scratch(index)),
      ) as [PlacedImages, PlacedImages];
      const [transform, transformGradients] = [places.call(before), places.call(beforeGradients)];
      const [clear, run] = [places.call(clearKernel), places.call(multiply)];
      const [finish, give] = [places.call(winogradFilterGradientKernel), places.call(unpack)];
      const [tiles, tilesOfGradients, sums, taps] = [2, 3, 4, 5].map((index) => places.scratch(index)) as Four;
      const [to, offsets] = [places.array(node).address, places.table(0)];
      return () => {
        from.fill();
        toTiles.fill();
        clear({ at: sums, bytes: POINTS * sumBytes });
        for (const chunk of chunks.list) {
          transform({
            ...{ ...chunk.rows, from: from.address + images.offsetOf(chunk), to: tiles, planeBytes: planeFrom },
            ...{ rowBytes: images.source.rowBytes, jump: images.jump(tileRows) },
          });
          transformGradients({
            ...{ ...chunk.rows, from: toTiles.address + gradients.offsetOf(chunk), to: tilesOfGradients },
            ...{ rowBytes: gradients.source.rowBytes, jump: gradients.jump(tileRows), planeBytes: planeTo, panelBytes },
          });
          for (let point = 0; point < POINTS; point++) {
            run({
              ...{ a: tiles + point * planeFrom, b: tilesOfGradients + point * planeTo, c: sums + point * sumBytes },
              ...{ offsets, offsetBytes: pixel, outHeight: 1, widthBytes: chunk.rows.rows * columns * PANEL * FLOAT },
              ...{ stepX: pixel, jump: 0, panels: panelCount, panelBytes },
            });
          }
        }
        finish({ from: sums, to: taps, bytes: sumBytes });
        const rowStep = g.outChannels * FLOAT;
        for (let tap = 0; tap < 9; tap++) {
          give({
            ...{ from: taps + tap * sumBytes, to: to + tap * g.inChannels * rowStep, rows: g.inChannels, rowStep },
            ...{ panels: panelCount, panelBytes: g.inChannels * PANEL * FLOAT },
          });
        }
      };
    },
  };
};
