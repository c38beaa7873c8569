import { FormatError } from "../../core/errors.ts";
import type { Layer, LayerConfig } from "../layer.ts";
import { activation } from "./activation.ts";
import { type BatchNormalizationOptions, batchNormalization } from "./batch_normalization.ts";
import { type Conv2dLayerOptions, conv2d } from "./conv2d.ts";
import { type DenseOptions, dense } from "./dense.ts";
import { flatten } from "./flatten.ts";
import { type GlobalAveragePooling2dOptions, globalAveragePooling2d } from "./global_average_pooling2d.ts";
import { type MaxPooling2dOptions, maxPooling2d } from "./max_pooling2d.ts";
import { add, average, multiply } from "./merge.ts";

type Named = { name?: string };

const nameOnly = (name: string | undefined): Named => (name === undefined ? {} : { name });

const BUILDERS: Readonly<Record<string, (options: Readonly<Record<string, unknown>> & Named) => Layer>> = {
  // The options come from JSON; each layer checks its own and throws a typed error.
  conv2d: (options) => conv2d(options as Named as Conv2dLayerOptions),
  maxPooling2d: (options) => maxPooling2d(options as Named as MaxPooling2dOptions),
  globalAveragePooling2d: (options) => globalAveragePooling2d(options as Named as GlobalAveragePooling2dOptions),
  batchNormalization: (options) => batchNormalization(options as Named as BatchNormalizationOptions),
  flatten: ({ name }) => flatten(nameOnly(name)),
  dense: (options) => dense(options as Named as DenseOptions),
  activation: ({ activation: wanted, name }) => activation(String(wanted), nameOnly(name)),
  add: ({ name }) => add(nameOnly(name)),
  multiply: ({ name }) => multiply(nameOnly(name)),
  average: ({ name }) => average(nameOnly(name)),
};

/** A layer from its JSON. Throws `FormatError` for a kind that does not exist. */
export function layerFromConfig(config: LayerConfig): Layer {
  const build = Object.hasOwn(BUILDERS, config.kind) ? BUILDERS[config.kind] : undefined;
  if (build === undefined) {
    throw new FormatError(`Unknown layer "${String(config.kind)}"; known: ${Object.keys(BUILDERS).join(", ")}.`);
  }
  return build({ ...config.options, ...(config.name === undefined ? {} : { name: config.name }) });
}
