import type { LayerBuilder } from "../layer_config.ts";
import { elu, leakyReLU, prelu, reLU, softmax } from "./advanced_activations.ts";
import { averagePooling2d } from "./average_pooling.ts";
import { batchNormalization } from "./batch_normalization.ts";
import { conv2dTranspose, depthwiseConv2d, separableConv2d } from "./conv2d_variants.ts";
import { dropout, spatialDropout2d } from "./dropout.ts";
import { everyOption } from "./every_option.ts";
import { gaussianNoise } from "./gaussian_noise.ts";
import { globalAveragePooling2d, globalMaxPooling2d } from "./global_pooling.ts";
import { normalization } from "./input_normalization.ts";
import { add, average, concatenate, maximum, minimum, multiply, subtract } from "./merge.ts";
import { groupNormalization, layerNormalization, unitNormalization } from "./normalization.ts";
import { cropping2d, permute, rescaling, reshape, upSampling2d, zeroPadding2d } from "./reshaping.ts";
import { splitTensor } from "./split.ts";
import { usualLayers } from "./usual/layers.ts";

/** Every kind of layer by its name in a config; `on_demand.ts` says of each in which file it is. */
export const ALL_LAYERS: Readonly<Record<string, LayerBuilder>> = {
  ...usualLayers(everyOption),
  add,
  average,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2dTranspose,
  cropping2d,
  depthwiseConv2d,
  dropout,
  elu,
  gaussianNoise,
  globalAveragePooling2d,
  globalMaxPooling2d,
  groupNormalization,
  layerNormalization,
  leakyReLU,
  maximum,
  minimum,
  multiply,
  normalization,
  permute,
  prelu,
  reLU,
  rescaling,
  reshape,
  separableConv2d,
  softmax,
  spatialDropout2d,
  splitTensor,
  subtract,
  unitNormalization,
  upSampling2d,
  zeroPadding2d,
};
