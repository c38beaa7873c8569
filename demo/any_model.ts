import { constant } from "../src/nn/layers/constant.ts";
import { operation } from "../src/nn/layers/operation.ts";
import type { Model } from "../src/nn/model.ts";
import { type ModelConfig, modelFromConfig } from "../src/nn/model_config.ts";

/** A model of any layers, also of those that networks of other programs become. Throws what `modelFromConfig` throws. */
export function anyModel(config: ModelConfig): Model {
  return modelFromConfig(config, { layers: { constant, operation } });
}
