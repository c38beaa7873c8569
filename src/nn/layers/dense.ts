import type { Layer } from "../layer.ts";
import { everyOption } from "./every_option.ts";
import { type DenseOptions, denseLayer } from "./usual/dense.ts";

export type { DenseOptions };

/**
 * Every output is a weighted sum of every input: [features] → [units]. Kernel [features, units]. As in Keras it acts on the
 * last axis of larger inputs, alike at each place: [height, width, features] → [height, width, units]; put `flatten()`
 * before it where each output is to see all of an image.
 */
export function dense(options: DenseOptions): Layer {
  return denseLayer(options, everyOption);
}
