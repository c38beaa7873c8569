import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import {
  batchSumsKernel,
  normalizeGradientKernel,
  normalizeKernel,
  type Strip,
  vectorsOf,
} from "../kernels/batch_norm.ts";
import { call, divide, ofBytes, type Slice } from "../slices.ts";
import type { Places, Task, Value } from "../task.ts";
import { FLOAT } from "./patches.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

/** x as images of rows of channels. */
function sizesOf(node: Node) {
  const { shape } = node.operand("x");
  const [images, channels] = [at(shape, 0), at(shape, shape.length - 1)];
  return { images, rows: sizeOf(shape) / images / channels, channelBytes: channels * FLOAT, channels };
}

const stripOf = (node: Node, labels: boolean): Strip => ({ vectors: vectorsOf(sizesOf(node).channels), labels });

/** Addresses of operands by their names; 0 for those that were left out. */
const addresses = <Name extends string>(node: Node, places: Places, names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, places.array(node.operand(name)).address])) as Record<Name, number>;

/** How many rows count, counted anew in each step. */
function counting(node: Node, places: Places): () => number {
  const labels = node.optionalOperand("labels");
  const { images, rows } = sizesOf(node);
  const array = labels && places.array(labels);
  return () => {
    let counted = images;
    if (array) {
      counted = 0;
      for (const label of array.values) if (label >= 0) counted++;
    }
    return Math.max(1, counted * rows);
  };
}

const labelsOf = (node: Node, places: Places): number => {
  const labels: Value | undefined = node.optionalOperand("labels");
  return labels ? places.array(labels).address : 0;
};

function isEmpty(node: Node): boolean {
  return sizeOf(node.operand("x").shape) === 0;
}

/** Slices of whole strips of channels, each sum by one thread: `of` so many bytes of them, from so many on. */
function ofChannels(node: Node, arrays: number, of: (begin: number, bytes: number) => Slice): Slice[] {
  const { images, rows, channelBytes, channels } = sizesOf(node);
  const unit = Math.max(1, 4 * vectorsOf(channels)) * FLOAT;
  return divide(channelBytes, ofBytes(arrays * images * rows), { unit }).map(({ begin, count }) => of(begin, count));
}

export const batchStatistics: Rule = (node): Task | undefined => {
  const isMean = node.op.name === "batchMean";
  if (!(isMean || node.op.name === "batchVariance") || isEmpty(node)) return undefined;
  const kernel = batchSumsKernel({
    ...stripOf(node, node.optionalOperand("labels") !== undefined),
    of: isMean ? "mean" : "variance",
  });
  return {
    ...taskOf(node, "batch sums", node.inputs),
    kernels: [kernel],
    bind(places) {
      const total = counting(node, places);
      const { images, rows, channelBytes } = sizesOf(node);
      const [from, to, labels] = [
        places.array(node.operand("x")).address,
        places.array(node).address,
        labelsOf(node, places),
      ];
      const mean = isMean ? 0 : places.array(node.operand("mean")).address;
      const factor = () => 1 / total();
      return places.inSlices(
        ofChannels(node, 1, (begin, bytes) => {
          const ofStrips = { x: from + begin, upstream: from + begin, mean: mean + begin, to: to + begin, bytes };
          return [call(kernel, { ...ofStrips, variance: 0, labels, images, rows, channelBytes, epsilon: 0, factor })];
        }),
      );
    },
  };
};

export const batchNorm: Rule = (node): Task | undefined => {
  if (!isOp(node, "batchNorm") || isEmpty(node)) return undefined;
  const kernel = normalizeKernel(stripOf(node, false));
  const { epsilon } = node.attributes;
  const names = ["x", "mean", "variance", "gamma", "beta"] as const;
  return {
    ...taskOf(
      node,
      "batch norm",
      names.map((name) => node.operand(name)),
    ),
    kernels: [kernel],
    bind(places) {
      const { images, rows, channelBytes } = sizesOf(node);
      const from = addresses(node, places, names);
      const imageBytes = rows * channelBytes;
      const slices = divide(images, ofBytes(2 * imageBytes)).map(({ begin, count }) => {
        const [x, to] = [from.x + begin * imageBytes, places.array(node).address + begin * imageBytes];
        return [call(kernel, { ...from, x, to, labels: 0, images: count, rows, channelBytes, epsilon })];
      });
      return places.inSlices(slices);
    },
  };
};

export const batchNormGammaGradient: Rule = (node): Task | undefined => {
  if (!isOp(node, "batchNormGammaGradient") || isEmpty(node)) return undefined;
  const kernel = batchSumsKernel({ ...stripOf(node, false), of: "gamma" });
  const { epsilon } = node.attributes;
  return {
    ...taskOf(node, "batch sums", node.inputs),
    kernels: [kernel],
    bind(places) {
      const { images, rows, channelBytes } = sizesOf(node);
      const { x, upstream, mean, variance } = addresses(node, places, ["x", "upstream", "mean", "variance"]);
      const to = places.array(node).address;
      return places.inSlices(
        ofChannels(node, 2, (begin, bytes) => [
          call(kernel, {
            ...{ x: x + begin, upstream: upstream + begin, mean: mean + begin, variance: variance + begin },
            ...{ to: to + begin, labels: 0, images, rows, channelBytes, bytes, epsilon, factor: 1 },
          }),
        ]),
      );
    },
  };
};

export const batchNormInputGradient: Rule = (node): Task | undefined => {
  if (!isOp(node, "batchNormInputGradient") || isEmpty(node)) return undefined;
  const kernel = normalizeGradientKernel(stripOf(node, node.optionalOperand("labels") !== undefined));
  const { epsilon } = node.attributes;
  const names = ["x", "upstream", "mean", "variance", "gamma", "gammaGradient", "betaGradient"] as const;
  return {
    ...taskOf(node, "batch norm input gradient", node.inputs),
    kernels: [kernel],
    bind(places) {
      const total = counting(node, places);
      const { images, rows, channelBytes } = sizesOf(node);
      const [from, labels] = [addresses(node, places, names), labelsOf(node, places)];
      const imageBytes = rows * channelBytes;
      const factor = () => 1 / total();
      const slices = divide(images, ofBytes(3 * imageBytes)).map(({ begin, count }) => {
        const offset = begin * imageBytes;
        const [x, upstream, to] = [from.x + offset, from.upstream + offset, places.array(node).address + offset];
        const ofImages = { x, upstream, to, labels: labels === 0 ? 0 : labels + begin * FLOAT, images: count };
        return [call(kernel, { ...from, ...ofImages, rows, channelBytes, epsilon, factor })];
      });
      return places.inSlices(slices);
    },
  };
};
