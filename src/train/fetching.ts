import { checkAffineRanges } from "../core/affine.ts";
import { at } from "../core/at.ts";
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { KeptState } from "./kept_state.ts";
import { checkOneInput, checkOneOutput } from "./one_input.ts";
import { checkClassWeights, classCount } from "./targets.ts";
import type { FetchingOptions } from "./training_step.ts";
import type { PrepareOptions } from "./types.ts";

/** How a run fetches its images. Throws for what does not fit the model. */
export function fetchingOptions(
  { parts: { model, heads }, batchSize, seed }: KeptState,
  { augment, classWeight, shuffle = true }: PrepareOptions,
): FetchingOptions {
  const ranges = augment && checkAffineRanges("fit: augment", augment);
  if (ranges && model.inputShape.length !== 3) {
    throw new ShapeError(
      `fit: augment moves images [height, width, channels]; the model takes ${formatShape(model.inputShape)}.`,
    );
  }
  if (ranges) checkOneInput("fit: augment", model);
  if (classWeight) checkOneOutput("fit: classWeight", model);
  return {
    batch: batchSize,
    shuffle,
    seed,
    augment: ranges,
    classWeight: classWeight && checkClassWeights(classWeight, classCount(model, at(heads, 0).loss)),
  };
}
