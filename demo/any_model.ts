import { formatShape, sameShape } from "../src/core/shape.ts";
import { constant } from "../src/nn/layers/constant.ts";
import { operation } from "../src/nn/layers/operation.ts";
import type { Model } from "../src/nn/model.ts";
import { type ModelConfig, modelFromConfig } from "../src/nn/model_config.ts";
import { FileProblemError } from "./file_problem.ts";

/** One digit, and the ten that it may be: what a network for this page takes and gives. */
const [INPUT, OUTPUT] = [[28, 28, 1], [10]];

/** The model, where it is one for digits. Throws `FileProblemError` for one of other shapes. */
export function forDigits<Kind extends Model>(model: Kind): Kind {
  if (sameShape(model.inputShape, INPUT) && sameShape(model.outputShape, OUTPUT)) return model;
  const [takes, gives] = [formatShape(model.inputShape), formatShape(model.outputShape)];
  throw new FileProblemError(
    { kind: "digits", takes, gives },
    `This network takes ${takes} and gives ${gives}; digits are ${formatShape(INPUT)}, and there are ${formatShape(OUTPUT)} of them.`,
  );
}

/** A model of any layers, also of those that networks of other programs become. Throws what `modelFromConfig` throws. */
export function anyModel(config: ModelConfig): Model {
  return modelFromConfig(config, { layers: { constant, operation } });
}
