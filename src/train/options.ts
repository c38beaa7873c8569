import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import type { Model } from "../nn/model.ts";
import type { TrainerConfig } from "./config.ts";
import type { EvaluateOptions, FitOptions, InspectOptions, PrepareOptions } from "./types.ts";

/** The options of a trainer, wherever it runs. */
export const TRAINER: OptionKinds<TrainerConfig> = {
  loss: "any",
  optimizer: "any",
  batchSize: "number",
  metrics: "any",
  weightedMetrics: "any",
  lossWeights: "any",
  clipNorm: "number",
  seed: "number",
  recompute: "boolean",
  microBatches: "any",
  precision: "string",
  recover: "boolean",
  onDeviceLost: "any",
  onRecovered: "any",
};

const FIT: OptionKinds<FitOptions> = {
  epochs: "number",
  steps: "number",
  seconds: "number",
  validationData: "any",
  validationSplit: "number",
  shuffle: "boolean",
  augment: "any",
  classWeight: "any",
  earlyStopping: "any",
  reduceOnPlateau: "any",
  onDiverge: "string",
  signal: "any",
  onStep: "any",
  onEpoch: "any",
};

/** Throws `ArgumentError` unless these are options of `fit`. */
export function checkFitOptions(options: FitOptions): void {
  checkOptions("fit", options, FIT);
  if (options.seconds !== undefined && !(options.seconds > 0)) {
    throw new ArgumentError(`fit: seconds must be more than 0, got ${describeValue(options.seconds)}.`);
  }
  const { onDiverge = "stop" } = options;
  if (onDiverge !== "stop" && onDiverge !== "skip" && onDiverge !== "rollback") {
    throw new ArgumentError(`fit: onDiverge must be "stop", "skip" or "rollback", got ${describeValue(onDiverge)}.`);
  }
  checkFunction("onStep", options.onStep);
  checkFunction("onEpoch", options.onEpoch);
}

function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new ArgumentError(`fit: ${name} must be a function, got ${describeValue(value)}.`);
}

const PREPARE: OptionKinds<PrepareOptions> = {
  shuffle: "boolean",
  augment: "any",
  classWeight: "any",
  validationSplit: "number",
  validationData: "any",
  signal: "any",
};

/** Throws `ArgumentError` unless these are options of `prepare`. */
export function checkPrepareOptions(options: PrepareOptions): void {
  checkOptions("prepare", options, PREPARE);
}

/** Throws `ArgumentError` unless it is a model. */
export function checkModel(where: string, model: Model): void {
  const given: unknown = model;
  if (typeof given === "object" && given !== null && "arena" in given && "build" in given) return;
  throw new ArgumentError(`${where}: wants a model, as sequential() makes it, got ${describeValue(given)}.`);
}

const EVALUATE: OptionKinds<EvaluateOptions> = { outputs: "boolean", signal: "any" };

/** Throws `ArgumentError` unless these are options of `evaluate`. */
export function checkEvaluateOptions(options: EvaluateOptions): void {
  checkOptions("evaluate", options, EVALUATE);
}

const INSPECT: OptionKinds<InspectOptions> = { target: "number", parameterGradients: "boolean" };

/** Throws `ArgumentError` unless these are options of `inspect`. */
export function checkInspectOptions(options: InspectOptions): void {
  checkOptions("inspect", options, INSPECT);
}
