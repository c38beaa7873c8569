import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { split as splitNode } from "../../graph/ops/slice.ts";
import { describeNew, layerConfig, layerOfParts, type MultiOutputLayer } from "../layer.ts";
import { imageAxis } from "./image_axis.ts";

/** Parts of one tensor at most. */
const MOST_PARTS = 1024;

/** Options of `splitTensor`. */
export interface SplitTensorOptions {
  /** How many equal parts, or the size of each. */
  parts: number | readonly number[];
  /** Keras' count: the batch is axis 0; default −1, the channels. */
  axis?: number;
  /** Default: made from the kind of layer. */
  name?: string;
}

/**
 * A tensor in parts along one axis, TensorFlow's `split`, and the reverse of `concatenate`: `const [a, b] = splitTensor({ parts:
 * 2 })(x)` gives the halves of the channels, `parts: [1, 3]` one channel and three. The call gives a list, for `model`. Throws
 * `ShapeError` where the parts do not make up the axis. (`split` divides data sets.)
 */
export function splitTensor(options: SplitTensorOptions): MultiOutputLayer {
  checkOptions("splitTensor", options, { parts: "any", axis: "number", name: "string" });
  const what = describeNew("split_tensor", options);
  const { parts, axis = -1 } = options;
  const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 1;
  const fits = isCount(parts)
    ? (parts as number) <= MOST_PARTS
    : Array.isArray(parts) && parts.length >= 1 && parts.length <= MOST_PARTS && parts.every(isCount);
  if (!fits) {
    throw new ArgumentError(
      `${what}: parts must be how many there are, or a list of their sizes, at most ${MOST_PARTS}; got ${describeValue(parts)}.`,
    );
  }
  const sizesOf = (input: Shape, where: string): { along: number; sizes: readonly number[] } => {
    const along = imageAxis(where, axis, input.length);
    const extent = input[along] ?? 1;
    const sizes = typeof parts === "number" ? new Array<number>(parts).fill(extent / parts) : parts;
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total === extent && sizes.every(isCount)) return { along, sizes };
    const said = typeof parts === "number" ? `${parts} equal parts` : `parts of ${describeValue(parts)}`;
    throw new ShapeError(`${where}: ${said} do not make up axis ${along + 1} of ${formatShape(input)}.`);
  };
  return layerOfParts({
    config: layerConfig("splitTensor", options),
    keyword: "split_tensor",
    outputShapes(input, where) {
      const { along, sizes } = sizesOf(input, where);
      return sizes.map((size) => input.map((extent, index) => (index === along ? size : extent)));
    },
    build(x, { graph }) {
      const { along, sizes } = sizesOf(x.shape.slice(1), what);
      return splitNode(graph, x, sizes, along + 1);
    },
  });
}
