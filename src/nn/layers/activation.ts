import type { Layer } from "../layer.ts";
import { everyOption } from "./every_option.ts";
import { activationLayer } from "./usual/activation.ts";

/** Applies an activation by its name: "relu", "gelu", "softmax" (over the last axis) …; all shapes. Throws `ArgumentError` for an unknown one. */
export function activation(name: string, options: { name?: string } = {}): Layer {
  return activationLayer(name, options, everyOption);
}
