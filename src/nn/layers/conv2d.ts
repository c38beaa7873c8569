import type { Layer } from "../layer.ts";
import { everyOption } from "./every_option.ts";
import { type Conv2dLayerOptions, conv2dLayer } from "./usual/conv2d.ts";

export type { Conv2dLayerOptions };

/**
 * 2-D convolution: [height, width, channels] → [outHeight, outWidth, filters]. Kernel [kh, kw, channels / groups, filters].
 * Throws `ArgumentError` for an option out of range.
 */
export function conv2d(options: Conv2dLayerOptions): Layer {
  return conv2dLayer(options, everyOption);
}
