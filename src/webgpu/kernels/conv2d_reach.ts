import type { ConvGeometry } from "../../core/window_geometry.ts";

/** Rows and columns of the image (or of the gradient that arrives) that the windows of a block of pixels cover. */
export function blockPatch(
  g: ConvGeometry,
  direction: "forward" | "inputGradient",
  block: { readonly height: number; readonly width: number },
): { height: number; width: number } {
  if (direction === "forward") {
    return {
      height: (block.height - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
      width: (block.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1,
    };
  }
  const { height, width } = phaseReach(g);
  return {
    height: Math.floor((block.height - 1 + height.reach) / g.strideHeight) + 1,
    width: Math.floor((block.width - 1 + width.reach) / g.strideWidth) + 1,
  };
}

/**
 * For the input gradient: padding made larger by `first` strides (or smaller, where that is negative), the fewest
 * with which no tap leads to a negative row or column of the output.
 */
export function phaseReach(g: ConvGeometry) {
  const along = (kernel: number, stride: number, dilation: number, padding: number) => {
    const first = Math.ceil(((kernel - 1) * dilation - padding) / stride);
    return { first, reach: padding + first * stride };
  };
  return {
    height: along(g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop),
    width: along(g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft),
  };
}
