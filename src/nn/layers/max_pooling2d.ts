import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { poolGeometry } from "../../core/window_geometry.ts";
import { defineLayer, type Layer, toPair } from "../layer.ts";

export interface MaxPooling2dOptions {
  /** Window, a number or [height, width]; default 2. */
  poolSize?: number | readonly [number, number];
  /** Default: the window. */
  strides?: number | readonly [number, number];
  /** Default "valid". */
  padding?: "same" | "valid";
  name?: string;
}

/** The largest value of each window: [height, width, channels] → [outHeight, outWidth, channels]. */
export function maxPooling2d(options: MaxPooling2dOptions = {}): Layer {
  const { name, ...plain } = options;
  const what = `layer max_pooling2d${name === undefined ? "" : ` "${name}"`}`;
  const size = toPair(what, "poolSize", options.poolSize ?? 2);
  const strides = toPair(what, "strides", options.strides ?? size);
  const padding = options.padding ?? "valid";
  if (padding !== "same" && padding !== "valid") {
    throw new ArgumentError(`${what}: padding must be "same" or "valid", got "${String(padding)}".`);
  }
  return defineLayer({
    config: { kind: "maxPooling2d", ...(name === undefined ? {} : { name }), options: plain },
    keyword: "max_pooling2d",
    activation: "linear",
    outputShape(input: Shape, where) {
      if (input.length !== 3) {
        throw new ShapeError(`${where}: wants [height, width, channels], got ${formatShape(input)}.`);
      }
      const g = poolGeometry(where, [1, ...input], { size, strides, padding, dilations: [1, 1] });
      return [g.outHeight, g.outWidth, g.channels];
    },
    parameters: () => [],
    multiplyAdds: () => 0,
    build: (x, { graph }) => graph.maxPool2d(x, { size, strides, padding }),
  });
}
