import { checkOptions, type OptionKinds } from "../../core/options.ts";
import { type Padding, poolGeometry } from "../../core/window_geometry.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { maxPool2d, type Pool2dOptions } from "../../graph/ops/max_pool2d.ts";
import { checkImage, checkPadding, describeNew, type Layer, layerConfig, layerOfOne, toPair } from "../layer.ts";

/** Options of `maxPooling2d` and `averagePooling2d`. */
export interface Pooling2dOptions {
  /** Window, a number or [height, width]; default 2. */
  poolSize?: number | readonly [number, number];
  /** Default: the window. */
  strides?: number | readonly [number, number];
  /** "same", "valid" or [[top, bottom], [left, right]]; default "valid". */
  padding?: Padding;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

const POOLING: OptionKinds<Pooling2dOptions> = { poolSize: "any", strides: "any", padding: "any", name: "string" };

/** A layer that makes one value of each window. */
export function pooling(
  kind: string,
  keyword: string,
  pool: (graph: Graph, x: Node, options: Pool2dOptions) => Node,
  options: Pooling2dOptions,
): Layer {
  checkOptions(kind, options, POOLING);
  const what = describeNew(keyword, options);
  const size = toPair(what, "poolSize", options.poolSize ?? 2);
  const strides = toPair(what, "strides", options.strides ?? size);
  const padding = checkPadding(what, options.padding);
  return layerOfOne({
    config: layerConfig(kind, options),
    keyword,
    outputShape(input, where) {
      checkImage(where, input);
      const g = poolGeometry(where, [1, ...input], { size, strides, padding, dilations: [1, 1] });
      return [g.outHeight, g.outWidth, g.channels];
    },
    build: (x, { graph }) => pool(graph, x, { size, strides, padding }),
  });
}

/**
 * The largest value of each window: [height, width, channels] → [outHeight, outWidth, channels]. Padding never wins, as in Keras,
 * PyTorch and ONNX: it counts as −∞. Where zeros beside the image are meant to take part, put `zeroPadding2d` before it.
 */
export function maxPooling2d(options: Pooling2dOptions = {}): Layer {
  return pooling("maxPooling2d", "max_pooling2d", maxPool2d, options);
}
