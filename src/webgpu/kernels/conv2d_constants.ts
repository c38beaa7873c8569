import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { ShaderConstants } from "../preprocess.ts";

/** The constants by which the shaders of convolutions know their shapes. */
export function geometryConstants(g: ConvGeometry): ShaderConstants {
  return {
    IN_HEIGHT: g.inHeight,
    IN_WIDTH: g.inWidth,
    IN_CHANNELS: g.inChannels,
    OUT_HEIGHT: g.outHeight,
    OUT_WIDTH: g.outWidth,
    OUT_CHANNELS: g.outChannels,
    KERNEL_HEIGHT: g.kernelHeight,
    KERNEL_WIDTH: g.kernelWidth,
    STRIDE_HEIGHT: g.strideHeight,
    STRIDE_WIDTH: g.strideWidth,
    DILATION_HEIGHT: g.dilationHeight,
    DILATION_WIDTH: g.dilationWidth,
    PAD_TOP: g.padTop,
    PAD_LEFT: g.padLeft,
    GROUPS: g.groups,
    GROUP_IN: g.groupInChannels,
    GROUP_OUT: g.groupOutChannels,
    POOLED_HEIGHT: g.outHeight >> 1,
    POOLED_WIDTH: g.outWidth >> 1,
    WINNER_WORDS: Math.ceil(g.outChannels / 4),
  };
}

/** Elements of the input. */
export function inputSize(g: ConvGeometry): number {
  return g.batch * g.inHeight * g.inWidth * g.inChannels;
}

/** Elements of the filters. */
export function filterSize(g: ConvGeometry): number {
  return g.kernelHeight * g.kernelWidth * g.groupInChannels * g.outChannels;
}
