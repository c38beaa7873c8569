/** Files of layers that few networks have: this list is fetched for them, so that other pages have no line for each. */
import { file, type LayerFile } from "./layer_file.ts";

export const rareFiles: readonly LayerFile[] = [
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
export const graphFiles = {
  constant: () => import("./constant.ts"),
  operation: () => import("./operation.ts"),
};
