import { avgPool2d } from "../../graph/ops/avg_pool2d.ts";
import type { Layer } from "../layer.ts";
import { type Pooling2dOptions, pooling } from "./pooling.ts";

/**
 * The mean of each window: [height, width, channels] → [outHeight, outWidth, channels]. Padding is left out of the mean,
 * as in Keras.
 */
export function averagePooling2d(options: Pooling2dOptions = {}): Layer {
  return pooling("averagePooling2d", "average_pooling2d", avgPool2d, options);
}
