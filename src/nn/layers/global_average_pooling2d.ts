import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { defineLayer, type Layer } from "../layer.ts";

export interface GlobalAveragePooling2dOptions {
  /** Keep height and width as extents of 1; default false. */
  keepDims?: boolean;
  name?: string;
}

/** Mean of each channel over the whole image: [height, width, channels] → [channels] (Lin, Chen and Yan 2014). */
export function globalAveragePooling2d(options: GlobalAveragePooling2dOptions = {}): Layer {
  const { name, ...plain } = options;
  const keepDims = options.keepDims ?? false;
  return defineLayer({
    config: { kind: "globalAveragePooling2d", ...(name === undefined ? {} : { name }), options: plain },
    keyword: "global_average_pooling2d",
    activation: "linear",
    outputShape(input, where) {
      const [, , channels] = input;
      if (input.length !== 3 || channels === undefined) {
        throw new ShapeError(`${where}: wants [height, width, channels], got ${formatShape(input)}.`);
      }
      return keepDims ? [1, 1, channels] : [channels];
    },
    parameters: () => [],
    multiplyAdds: () => 0,
    build: (x, { graph }) => graph.mean(x, [1, 2], keepDims),
  });
}
