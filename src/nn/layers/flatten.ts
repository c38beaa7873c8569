import { checkOptions } from "../../core/options.ts";
import { sizeOf } from "../../core/shape.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { type Layer, layerConfig, layerOfOne } from "../layer.ts";

/** [height, width, channels] → [height · width · channels], row by row. */
export function flatten(options: { name?: string } = {}): Layer {
  checkOptions("flatten", options, { name: "string" });
  return layerOfOne({
    config: layerConfig("flatten", options),
    keyword: "flatten",
    outputShape: (input) => [sizeOf(input)],
    build: (x, { graph }) => reshape(graph, x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]),
  });
}
