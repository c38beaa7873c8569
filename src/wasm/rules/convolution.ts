import type { ConvGeometry } from "../../core/window_geometry.ts";
import { isOp } from "../../graph/op.ts";
import { flopsOf } from "../cpu_task.ts";
import { clearKernel, paddedSource } from "../padding.ts";
import { outerProduct, panels, product } from "../product.ts";
import type { Rule } from "./rule.ts";

const FLOAT = 4;
const PLAIN = { bias: false, relu: false };

const range = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));

/** Bytes from a patch's beginning to each run of values that lie side by side in it, and the values of a run. */
function segmentsOf(g: ConvGeometry, rowBytes: number, channels: number, groupChannels: number) {
  const rowStep = g.dilationHeight * rowBytes;
  if (g.dilationWidth === 1 && channels === groupChannels) {
    return { segments: range(g.kernelHeight, (y) => y * rowStep), run: g.kernelWidth * channels };
  }
  const pixelStep = g.dilationWidth * channels * FLOAT;
  const taps = range(g.kernelHeight, (y) => range(g.kernelWidth, (x) => y * rowStep + x * pixelStep));
  return { segments: taps.flat(), run: groupChannels };
}

/** Bytes from an image's beginning to the patch of each place, line by line. */
const patchesOf = (height: number, width: number, stepY: number, stepX: number) =>
  range(height, (y) => range(width, (x) => y * stepY + x * stepX)).flat();

/** The input of a convolution, with its padding. */
const inputOf = (g: ConvGeometry) =>
  paddedSource({
    ...{ batch: g.batch, height: g.inHeight, width: g.inWidth, channels: g.inChannels, spread: [1, 1] },
    ...{ top: g.padTop, left: g.padLeft },
    paddedHeight: (g.outHeight - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
    paddedWidth: (g.outWidth - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1,
  });

export const convolution: Rule = (node) => {
  if (!isOp(node, "conv2d")) return undefined;
  const g = node.attributes.geometry;
  if (isDepthwise(g)) return undefined;
  const [x, filter] = [node.operand("x"), node.operand("filter")];
  const source = inputOf(g);
  const depth = g.kernelHeight * g.kernelWidth * g.groupInChannels;
  const pixel = g.inChannels * FLOAT;
  const rowStepC = g.outChannels * FLOAT;
  const weights = panels({
    ...{ columns: g.groupOutChannels, columnStep: FLOAT, groups: 1, groupStep: 0, rowsOfGroup: depth },
    rowStep: g.outChannels * FLOAT,
  });
  const rows = patchesOf(g.outHeight, g.outWidth, g.strideHeight * source.rowBytes, g.strideWidth * pixel);
  const multiply = product(
    {
      ...{ rows, images: g.batch, imageStepA: source.imageBytes, imageStepC: rows.length * rowStepC },
      ...segmentsOf(g, source.rowBytes, g.inChannels, g.groupInChannels),
      ...{ columns: g.groupOutChannels, rowStepC },
    },
    PLAIN,
  );
  return {
    ...{ layer: node.layer, op: "conv2d", kernel: "product", shape: node.shape, flops: flopsOf(node) },
    ...{ reads: [x, filter], makes: [node], scratch: [source.scratch, weights.bytes], tables: multiply.tables },
    kernels: [...source.kernels, weights.kernel, multiply.kernel],
    bind(places) {
      const [from, to, out] = [x, filter, node].map((value) => places.array(value).address) as [number, number, number];
      const { address, fill } = source.bind(places, from, places.scratch(0));
      const [pack, run] = [weights.bind(places), multiply.bind(places, [places.table(0), places.table(1)])];
      return () => {
        fill();
        for (let group = 0; group < g.groups; group++) {
          pack(to + group * g.groupOutChannels * FLOAT, places.scratch(1));
          run(address + group * g.groupInChannels * FLOAT, places.scratch(1), out + group * g.groupOutChannels * FLOAT);
        }
      };
    },
  };
};

/**
 * The gradient of the input is a convolution of the gradients, with zeros between them where the forward one strides, by the
 * kernel turned around, with input and output channels exchanged.
 */
export const convolutionInputGradient: Rule = (node) => {
  if (!isOp(node, "conv2dInputGradient")) return undefined;
  const g = node.attributes.geometry;
  if (isDepthwise(g)) return undefined;
  const [upstream, filter] = [node.operand("upstream"), node.operand("filter")];
  const [spanY, spanX] = [(g.kernelHeight - 1) * g.dilationHeight, (g.kernelWidth - 1) * g.dilationWidth];
  const source = paddedSource({
    ...{ batch: g.batch, height: g.outHeight, width: g.outWidth, channels: g.outChannels },
    spread: [g.strideHeight, g.strideWidth],
    ...{ top: spanY - g.padTop, left: spanX - g.padLeft },
    ...{ paddedHeight: g.inHeight + spanY, paddedWidth: g.inWidth + spanX },
  });
  const taps = g.kernelHeight * g.kernelWidth;
  const tapBytes = g.groupInChannels * g.outChannels * FLOAT;
  const weights = panels({
    ...{ columns: g.groupInChannels, columnStep: g.outChannels * FLOAT },
    ...{ groups: taps, groupStep: -tapBytes, rowsOfGroup: g.groupOutChannels, rowStep: FLOAT },
  });
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
    ...{ reads: [upstream, filter], makes: [node], scratch: [source.scratch, weights.bytes], tables: multiply.tables },
    kernels: [...source.kernels, weights.kernel, multiply.kernel],
    bind(places) {
      const [from, to, out] = [upstream, filter, node].map((value) => places.array(value).address) as [
        number,
        number,
        number,
      ];
      const { address, fill } = source.bind(places, from, places.scratch(0));
      const [pack, run] = [weights.bind(places), multiply.bind(places, [places.table(0), places.table(1)])];
      const lastTap = to + (taps - 1) * tapBytes;
      return () => {
        fill();
        for (let group = 0; group < g.groups; group++) {
          pack(lastTap + group * g.groupOutChannels * FLOAT, places.scratch(1));
          run(address + group * g.groupOutChannels * FLOAT, places.scratch(1), out + group * g.groupInChannels * FLOAT);
        }
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
    ...{ scratch: [source.scratch, ...multiply.scratch], tables: multiply.tables },
    kernels: [...source.kernels, clearKernel, ...multiply.kernels],
    bind(places) {
      const [from, gradients, out] = [x, upstream, node].map((value) => places.array(value).address) as [
        number,
        number,
        number,
      ];
      const { address, fill } = source.bind(places, from, places.scratch(0));
      const clear = places.call(clearKernel);
      const runGroup = multiply.bind(places, places.table(0), [places.scratch(1), places.scratch(2)], (at, bytes) =>
        clear({ at, bytes }),
      );
      return () => {
        fill();
        for (let group = 0; group < g.groups; group++) {
          runGroup(
            address + group * g.groupInChannels * FLOAT,
            gradients + group * g.groupOutChannels * FLOAT,
            out + group * g.groupOutChannels * FLOAT,
          );
        }
      };
    },
  };
};

/** Nothing is summed over channels there; another kernel's business. */
const isDepthwise = (g: ConvGeometry): boolean => g.groupInChannels === 1 && g.groups > 1;
