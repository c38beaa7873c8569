import { FormatError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { type AnyLayer, isLayer, type LayerConfig } from "../layer.ts";
import { graphLayers, type LayerMakers, OWN_KIND, ownLayers } from "../own_layers.ts";
import { SymbolicTensor } from "../symbolic_tensor.ts";
import { activation } from "./activation.ts";
import { elu, leakyReLU, prelu, reLU, softmax } from "./advanced_activations.ts";
import { batchNormalization } from "./batch_normalization.ts";
import { type Conv2dLayerOptions, conv2d } from "./conv2d.ts";
import {
  type Conv2dTransposeLayerOptions,
  conv2dTranspose,
  type DepthwiseConv2dLayerOptions,
  depthwiseConv2d,
  type SeparableConv2dLayerOptions,
  separableConv2d,
} from "./conv2d_variants.ts";
import { type DenseOptions, dense } from "./dense.ts";
import { type DropoutLayerOptions, dropout, spatialDropout2d } from "./dropout.ts";
import { flatten } from "./flatten.ts";
import { gaussianNoise } from "./gaussian_noise.ts";
import { add, average, concatenate, maximum, minimum, multiply, subtract } from "./merge.ts";
import { groupNormalization, layerNormalization, unitNormalization } from "./normalization.ts";
import { averagePooling2d, globalAveragePooling2d, globalMaxPooling2d, maxPooling2d } from "./pooling.ts";
import { cropping2d, permute, rescaling, reshape, upSampling2d, zeroPadding2d } from "./reshaping.ts";
import { type SplitTensorOptions, splitTensor } from "./split.ts";

/** Options as they come from JSON: whatever they are, each layer checks its own and throws a typed error. */
type Options = Readonly<Record<string, unknown>> & { name?: string };

/** Every kind of layer by its name in a config. */
const BUILDERS: Readonly<Record<string, (options: Options) => AnyLayer>> = {
  activation: ({ activation: wanted, ...name }) => activation(wanted as string, name),
  add,
  average,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2d: (options) => conv2d(options as object as Conv2dLayerOptions),
  conv2dTranspose: (options) => conv2dTranspose(options as object as Conv2dTransposeLayerOptions),
  cropping2d,
  dense: (options) => dense(options as object as DenseOptions),
  depthwiseConv2d: (options) => depthwiseConv2d(options as object as DepthwiseConv2dLayerOptions),
  dropout: (options) => dropout(options as object as DropoutLayerOptions),
  elu,
  flatten,
  gaussianNoise: (options) => gaussianNoise(options as object as Parameters<typeof gaussianNoise>[0]),
  globalAveragePooling2d,
  globalMaxPooling2d,
  groupNormalization,
  layerNormalization,
  leakyReLU,
  maximum,
  maxPooling2d,
  minimum,
  multiply,
  permute: (options) => permute(options as object as Parameters<typeof permute>[0]),
  prelu,
  reLU,
  rescaling: (options) => rescaling(options as object as Parameters<typeof rescaling>[0]),
  reshape: (options) => reshape(options as object as Parameters<typeof reshape>[0]),
  separableConv2d: (options) => separableConv2d(options as object as SeparableConv2dLayerOptions),
  softmax,
  spatialDropout2d: (options) => spatialDropout2d(options as object as Parameters<typeof spatialDropout2d>[0]),
  splitTensor: (options) => splitTensor(options as object as SplitTensorOptions),
  subtract,
  unitNormalization,
  upSampling2d,
  zeroPadding2d,
};

/** Of a layer that the page has to name, since nobody else fetches it: the maker that was given, or that it has called itself. */
function namedBuilder(kind: "operation" | "constant", makers: LayerMakers): (options: Options) => AnyLayer {
  const make = (Object.hasOwn(makers, kind) ? makers[kind] : undefined) ?? graphLayers.get(kind);
  if (typeof make !== "function") {
    throw new FormatError(
      `The model has a layer "${kind}"; give its maker to modelFromConfig(config, { layers: { constant, operation } }), which ` +
        "the library exports.",
    );
  }
  return (options) => {
    const made = make(options as never);
    const layer = made instanceof SymbolicTensor ? made.origin?.layer : made;
    if (isLayer(layer)) return layer;
    throw new FormatError(`What modelFromConfig was given as the maker of "${kind}" makes no layer.`);
  };
}

function builderOf(kind: string, makers: LayerMakers): ((options: Options) => AnyLayer) | undefined {
  if (kind === "operation" || kind === "constant") return namedBuilder(kind, makers);
  if (!kind.startsWith(OWN_KIND)) return Object.hasOwn(BUILDERS, kind) ? BUILDERS[kind] : undefined;
  const own = kind.slice(OWN_KIND.length);
  const found = ownLayers.get(own);
  if (found) return found;
  throw new FormatError(
    `The model has a layer of its author's own, "${own}"; call defineLayer({ kind: ${JSON.stringify(own)}, … }) before it is loaded.`,
  );
}

/** A layer from its JSON. Throws `FormatError` for a kind that does not exist, and what the layer says of its options. */
export function layerFromConfig(config: LayerConfig, makers: LayerMakers = {}): AnyLayer {
  const given: unknown = config;
  if (typeof given !== "object" || given === null) {
    throw new FormatError(`A layer of this configuration is no object, but ${describeValue(given)}.`);
  }
  const { kind, name, options = {} }: { kind?: unknown; name?: unknown; options?: unknown } = given;
  const build = typeof kind === "string" ? builderOf(kind, makers) : undefined;
  if (build === undefined) {
    throw new FormatError(`Unknown layer ${describeValue(kind)}; known: ${Object.keys(BUILDERS).join(", ")}.`);
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new FormatError(`The options of layer ${describeValue(kind)} are no object, but ${describeValue(options)}.`);
  }
  if (name !== undefined && typeof name !== "string") {
    throw new FormatError(`The name of layer ${describeValue(kind)} is no text, but ${describeValue(name)}.`);
  }
  return build({ ...options, ...(name === undefined ? {} : { name }) });
}
