/** What a page may ask of a trainer beside a plain `fit`: fetched when it is first asked for. */
export { Evaluations } from "./evaluation.ts";
export { fedBatch } from "./fed_batch.ts";
export { takeFedStep } from "./fed_step.ts";
export { followersOf } from "./followers.ts";
export { Predictor } from "./predictor.ts";
export { validationSplit } from "./validation_split.ts";
