import { type AnyLayer, callable } from "./layer.ts";

/** The layer with `trainable` as it is here, whatever it is made of: its JSON says so, too. What it computes is the same otherwise. */
export function withTrainable(layer: AnyLayer, trainable: boolean): AnyLayer {
  const { kind, name, options } = layer.config;
  const { trainable: _, ...others } = options;
  const config = { kind, ...(name === undefined ? {} : { name }), options: others };
  return callable({ ...layer, trainable, config: trainable ? config : { ...config, trainable } });
}
