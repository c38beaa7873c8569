import { sizeOf } from "../../core/shape.ts";
import { defineLayer, type Layer } from "../layer.ts";

/** [height, width, channels] → [height · width · channels], row by row. */
export function flatten(options: { name?: string } = {}): Layer {
  return defineLayer({
    config: { kind: "flatten", ...options, options: {} },
    keyword: "flatten",
    activation: "linear",
    outputShape: (input) => [sizeOf(input)],
    parameters: () => [],
    multiplyAdds: () => 0,
    build: (x, { graph }) => graph.reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]),
  });
}
