import { checkOptions } from "../../core/options.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { globalAvgPool2d, globalMaxPool2d } from "../../graph/ops/global_pool2d.ts";
import { checkImage, type Layer, layerConfig, layerOfOne } from "../layer.ts";

/** Options of the global poolings. */
export interface GlobalPooling2dOptions {
  /** Keep height and width as extents of 1; default false. */
  keepDims?: boolean;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

function globalPooling(
  kind: string,
  keyword: string,
  pool: (graph: Graph, x: Node, keepDims: boolean) => Node,
  options: GlobalPooling2dOptions,
): Layer {
  checkOptions(kind, options, { keepDims: "boolean", name: "string" });
  const keepDims = options.keepDims ?? false;
  return layerOfOne({
    config: layerConfig(kind, options),
    keyword,
    outputShape(input, where) {
      const [, , channels] = checkImage(where, input);
      return keepDims ? [1, 1, channels] : [channels];
    },
    build: (x, { graph }) => pool(graph, x, keepDims),
  });
}

/** Mean of each channel over the whole image: [height, width, channels] → [channels] (Lin, Chen and Yan 2014). */
export function globalAveragePooling2d(options: GlobalPooling2dOptions = {}): Layer {
  const pool = (graph: Graph, x: Node, keepDims: boolean) => globalAvgPool2d(graph, x, keepDims);
  return globalPooling("globalAveragePooling2d", "global_average_pooling2d", pool, options);
}

/** Maximum of each channel over the whole image: [height, width, channels] → [channels]. */
export function globalMaxPooling2d(options: GlobalPooling2dOptions = {}): Layer {
  const pool = (graph: Graph, x: Node, keepDims: boolean) => globalMaxPool2d(graph, x, keepDims);
  return globalPooling("globalMaxPooling2d", "global_max_pooling2d", pool, options);
}
