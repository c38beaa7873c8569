import type { AugmentOptions } from "../core/augmentation.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Model } from "../nn/model.ts";
import type { Augmentation } from "./augmentation.ts";
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
    ...(augment && { augment: await augmentationFor(parts.model, augment) }),
    ...(classWeight && { classWeight: (await classWeights()).classWeightsOf(parts, classWeight) }),
  };
}

async function augmentationFor(model: Model, augment: AugmentOptions): Promise<Augmentation> {
  const { asksForMixing, augmentationOf } = await augmentation();
  const mixing = asksForMixing(augment) ? (await batchMixing()).mixingOf("fit: augment", augment) : undefined;
  return augmentationOf(model, augment, mixing);
}

const augmentation = () => onDemand("augmentation", () => import("./augmentation.ts"));
const batchMixing = () => onDemand("mixing", () => import("./batch_mixing.ts"));
const classWeights = () => onDemand("weights of classes", () => import("./class_weights.ts"));
