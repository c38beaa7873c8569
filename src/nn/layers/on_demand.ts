import { onDemand } from "../../core/on_demand.ts";
import type { LayerBuilder, LayerBuilders } from "../layer_config.ts";
import type { LayerMakers } from "../own_layers.ts";
import { usualLayers } from "./usual/layers.ts";
import { hasUsualOptions, usualOptions } from "./usual/options.ts";

/** The layers of one file, which are fetched together. Each kind is the name of the function that makes it. */
interface LayerFile {
  readonly kinds: readonly string[];
  load(): Promise<object>;
}

/** A file, and those of its functions that make layers. */
function file<Kind extends string>(
  kinds: readonly Kind[],
  load: () => Promise<Readonly<Record<Kind, LayerBuilder>>>,
): LayerFile {
  return { kinds, load };
}

const FILES: readonly LayerFile[] = [
  file(["batchNormalization"], () => import("./batch_normalization.ts")),
  file(["dropout", "spatialDropout2d"], () => import("./dropout.ts")),
  file(["averagePooling2d"], () => import("./average_pooling.ts")),
  file(["globalAveragePooling2d", "globalMaxPooling2d"], () => import("./global_pooling.ts")),
  file(["add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract"], () => import("./merge.ts")),
  file(["conv2dTranspose", "depthwiseConv2d", "separableConv2d"], () => import("./conv2d_variants.ts")),
  file(["elu", "leakyReLU", "prelu", "reLU", "softmax"], () => import("./advanced_activations.ts")),
  file(["groupNormalization", "layerNormalization", "unitNormalization"], () => import("./normalization.ts")),
  file(
    ["cropping2d", "permute", "rescaling", "reshape", "upSampling2d", "zeroPadding2d"],
    () => import("./reshaping.ts"),
  ),
  file(["normalization"], () => import("./input_normalization.ts")),
  file(["gaussianNoise"], () => import("./gaussian_noise.ts")),
  file(["splitTensor"], () => import("./split.ts")),
];

/** Layers over the graph's ops, which come with all of them. Their makers give layers, or tensors. */
const GRAPH_FILES = {
  constant: () => import("./constant.ts"),
  operation: () => import("./operation.ts"),
};

/**
 * Fetches what makes the layers of a configuration, whatever it is: at once, and only what has one of their kinds. Throws
 * `ModuleLoadError`.
 */
export async function fetchBuilders(
  layers: readonly ({ kind?: unknown; options?: unknown } | null | undefined)[],
  given: LayerMakers = {},
): Promise<LayerBuilders> {
  const kinds = new Set(layers.map((layer) => layer?.kind));
  const files = FILES.filter((one) => one.kinds.some((kind) => kinds.has(kind)));
  const graphKinds = (["constant", "operation"] as const).filter(
    (kind) => kinds.has(kind) && given[kind] === undefined,
  );
  const [rules, builders, makers] = await onDemand("layers", () =>
    Promise.all([
      layers.every(hasUsualOptions) ? usualOptions : import("./every_option.ts").then(({ everyOption }) => everyOption),
      Promise.all(files.map((one) => one.load())),
      Promise.all(graphKinds.map((kind) => GRAPH_FILES[kind]())),
    ]),
  );
  const usual = usualLayers(rules);
  return {
    builders: Object.assign({}, usual, ...builders),
    known: [...Object.keys(usual), ...FILES.flatMap((one) => one.kinds)],
    makers: Object.assign({}, ...makers, given),
  };
}
