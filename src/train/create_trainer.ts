import { ArgumentError } from "../core/errors.ts";
import { fetchWanted } from "../core/late.ts";
import { checkCount } from "../core/numbers.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { scheduleRates } from "../core/schedule_part.ts";
import type { Backend } from "../graph/backend.ts";
import { checkBackend } from "../graph/checks.ts";
import type { Metric } from "../nn/metrics/totals.ts";
import type { Model } from "../nn/model.ts";
import type { OptimizerChoice } from "../nn/optimizer_names.ts";
import { isChecked, type Optimizer, withGlobalClipNorm } from "../nn/optimizers.ts";
import type { TrainerConfig } from "./config.ts";
import { trainerDisposed } from "./disposed.ts";
import { type Head, type MetricsChoice, resolveHeads } from "./heads.ts";
import { compileKeeper, KeptState } from "./kept_state.ts";
import { type Measures, rightLabels } from "./measures.ts";
import { checkModel, TRAINER } from "./options.ts";
import { Points, Recovery } from "./recovery.ts";
import { checkLossesFitModel } from "./targets.ts";
import { LocalTrainer } from "./trainer.ts";
import { newStepParts, type StepParts, variablesOf } from "./training_state.ts";
import type { Trainer } from "./types.ts";

/** What `createTrainer` makes a trainer of. */
export interface TrainerOptions extends TrainerConfig {
  /** Where it runs. */
  backend: Backend;
}

/**
 * Makes a trainer for a model on a backend; one with several inputs or outputs trains on a `multiDataset`. Throws
 * `ArgumentError` for an unknown or missing loss, a bad batch size, or a model without trainable parameters.
 */
export async function createTrainer(model: Model, options: TrainerOptions): Promise<Trainer> {
  checkModel("createTrainer", model);
  checkOptions("createTrainer", options, { backend: "any", ...TRAINER });
  const { backend, recompute = false, precision = "float32", seed = 0 } = options;
  if (!Number.isFinite(seed)) throw new ArgumentError(`createTrainer: seed must be a number, got ${seed}.`);
  checkBackend("createTrainer", backend);
  backend.fetchEarly?.(opsOfTraining(model));
  const heads = await resolveHeads(model, options.loss, options.lossWeights);
  const metrics = await chosenMetrics(model, heads, options);
  // A function of the user's own may call any op as a method of its graph: all of them come in for such a page alone.
  const hasOwn = heads.some(({ loss }) => loss.config === undefined) || metrics.some(({ isOwn }) => isOwn);
  if (hasOwn) (await onDemand("ops", () => import("../graph/methods.ts"))).addOpMethods();
  const batchSize = checkCount("createTrainer", "batchSize", options.batchSize ?? 32);
  checkLossesFitModel(heads, model);
  if (model.arena.variables.length === 0) {
    throw new ArgumentError(
      "createTrainer: no layer of the model has parameters to train; give it a dense() or conv2d().",
    );
  }
  if (precision !== "float32" && precision !== "mixed") {
    throw new ArgumentError(`createTrainer: precision must be "float32" or "mixed", got ${describeValue(precision)}.`);
  }
  const chosen = await chosenOptimizer(options.optimizer);
  const optimizer =
    options.clipNorm === undefined ? chosen : withGlobalClipNorm("createTrainer", chosen, options.clipNorm);
  const recomputed = recompute
    ? (await onDemand("recomputation", () => import("./recompute.ts"))).recomputedNodes
    : undefined;
  const microBatches =
    options.microBatches === undefined ? undefined : (await ofMicroBatches()).microBatchesOf(options.microBatches);
  const measures = await chosenMeasures({ model, heads, metrics });
  const parts = newStepParts({ model, heads, metrics, measures, optimizer, recomputed, microBatches }, precision);
  await fetchWanted();
  const keeper = await compileKeeper(backend, variablesOf(parts));
  const kept = new KeptState(parts, keeper, { batchSize, seed });
  try {
    return new LocalTrainer(backend, kept, await chosenRecovery(kept, options));
  } catch (error) {
    kept.dispose();
    throw error;
  }
}

const ofMicroBatches = () => onDemand("micro-batches", () => import("./micro_batches.ts"));

/** With a first point to go back to. */
async function chosenRecovery(
  kept: KeptState,
  { backend, recover = true, ...listeners }: TrainerOptions,
): Promise<Recovery | undefined> {
  if (!recover) Points.of(backend).isByHand = true;
  if (!recover || !backend.isReplaceable) return undefined;
  const recovery = new Recovery(backend, kept, listeners);
  try {
    await recovery.again(() => recovery.take());
  } catch (error) {
    recovery.dispose(trainerDisposed());
    throw error;
  }
  return recovery;
}

/** Ops of the step to come that have large kernels: what any trainer has, and the gradients of convolutions, whose filters have 4 axes. */
function opsOfTraining(model: Model): string[] {
  const hasFilters = model.arena.variables.some(({ shape }) => shape.length === 4);
  return ["batchRows", "finishStep", "optimizerUpdate", ...(hasFilters ? ["conv2dFilterGradient"] : [])];
}

const asksNothing = (choice: MetricsChoice) => Array.isArray(choice) && choice.length === 0;

/** What is measured beside loss and accuracy; what measures it is fetched where there is something. */
async function chosenMetrics(
  model: Model,
  heads: readonly Head[],
  { metrics = [], weightedMetrics = [] }: TrainerConfig,
): Promise<readonly Metric[]> {
  if (heads.length === 1 && asksNothing(metrics) && asksNothing(weightedMetrics)) return [];
  const { resolveHeadMetrics } = await onDemand("metrics", () => import("./head_metrics.ts"));
  return resolveHeadMetrics(model, heads, metrics, weightedMetrics);
}

/** What steps look at: right labels alone, or what is fetched where there is more. */
async function chosenMeasures(parts: Pick<StepParts, "model" | "heads" | "metrics">): Promise<Measures> {
  const { heads, metrics } = parts;
  if (heads.length === 1 && heads[0]?.loss.targets === "class" && metrics.length === 0) return rightLabels;
  return (await onDemand("metrics", () => import("./measured_results.ts"))).measuresOf(parts);
}

/** What `adam()` and its kin made, or what a name or plain data stands for, for which all optimizers are fetched. */
async function chosenOptimizer(choice: OptimizerChoice): Promise<Optimizer> {
  const optimizer = isChecked(choice) ? choice : await resolvedOptimizer(choice);
  const { learningRate } = optimizer;
  if (typeof learningRate === "number") return optimizer;
  await scheduleRates.fetched();
  return { ...optimizer, learningRate: scheduleRates.part.checkSchedule("createTrainer", learningRate) };
}

async function resolvedOptimizer(choice: OptimizerChoice): Promise<Optimizer> {
  const { resolveOptimizer } = await onDemand("optimizers", () => import("../nn/optimizer_names.ts"));
  return resolveOptimizer("createTrainer", choice);
}
