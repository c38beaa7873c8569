import type { LayerBuilder } from "../../layer_config.ts";
import { flatten } from "../flatten.ts";
import { maxPooling2d } from "../pooling.ts";
import type { OptionRules } from "../weights.ts";
import { activationLayer } from "./activation.ts";
import { type Conv2dLayerOptions, conv2dLayer } from "./conv2d.ts";
import { type DenseOptions, denseLayer } from "./dense.ts";

/** What nearly every network has, by its kind in a config: a page that opens a model has them at once, without what few have. */
export function usualLayers(rules: OptionRules) {
  return {
    activation: ({ activation, ...name }: { activation: string; name?: string }) =>
      activationLayer(activation, name, rules),
    conv2d: (options: Conv2dLayerOptions) => conv2dLayer(options, rules),
    dense: (options: DenseOptions) => denseLayer(options, rules),
    flatten,
    maxPooling2d,
  } satisfies Readonly<Record<string, LayerBuilder>>;
}
