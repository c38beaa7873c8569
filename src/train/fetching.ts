import { onDemand } from "../core/on_demand.ts";
import type { KeptState } from "./kept_state.ts";
import type { FetchingOptions } from "./training_step.ts";
import type { PrepareOptions } from "./types.ts";

/**
 * How a run takes its batches; what moves images and what weighs classes is fetched where it is wanted. Throws for what does
 * not fit the model.
 */
export async function fetchingOptions(
  { parts, batchSize, seed }: KeptState,
  { augment, classWeight, shuffle = true }: PrepareOptions,
): Promise<FetchingOptions> {
  return {
    ...{ batch: batchSize, shuffle, seed },
    ...(augment && { augment: (await augmentation()).augmentationOf(parts.model, augment) }),
    ...(classWeight && { classWeight: (await classWeights()).classWeightsOf(parts, classWeight) }),
  };
}

const augmentation = () => onDemand("augmentation", () => import("./augmentation.ts"));
const classWeights = () => onDemand("weights of classes", () => import("./class_weights.ts"));
