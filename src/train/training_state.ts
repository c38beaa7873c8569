import { at } from "../core/at.ts";
import { SCHEDULE_COLUMNS } from "../core/schedule.ts";
import type { Tensor } from "../core/tensor.ts";
import { type LossScaling, newLossScaling } from "../graph/loss_scaling.ts";
import { type Arena, Variable } from "../graph/node.ts";
import { stateArenas } from "../graph/update_rule.ts";
import type { Metric } from "../nn/metrics/totals.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import type { Head } from "./heads.ts";
import { learningRateTable } from "./learning_rates.ts";
import type { Measures } from "./measures.ts";
import type { MicroBatches } from "./micro_batches.ts";
import type { recomputedNodes } from "./recompute.ts";
import { StepRecord } from "./step_record.ts";

/** Everything a run changes beside the model's parameters. */
export interface TrainingState {
  /** Moments, velocities and averages (`stateArenas`). */
  readonly optimizer: readonly Arena[];
  /** Steps that counted. */
  readonly step: Variable;
  /** Batches fetched from the current data set. */
  readonly cursor: Variable;
  /** f32 [SCHEDULE_ROWS, SCHEDULE_COLUMNS]: the learning rate's schedule, and one behind it of the momentum's (core/schedule.ts). */
  readonly schedule: Variable;
  /** Reports of steps (`StepRecord.newRing`). */
  readonly ring: Variable;
  /** f32 [size] for each metric that counts: its totals since they were last set to zero. */
  readonly counts: ReadonlyMap<Metric, Variable>;
  /** Only in mixed precision. */
  readonly scaling?: LossScaling | undefined;
}

/** What a trainer trains, and by what. */
export interface StepParts {
  readonly model: Model;
  /** The loss of each of the model's outputs. */
  readonly heads: readonly Head[];
  /** Measured beside loss and accuracy. */
  readonly metrics: readonly Metric[];
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  /** How steps report. */
  readonly record: StepRecord;
  /** What they measure beside the loss. */
  readonly measures: Measures;
  /** Chooses the nodes that are computed once more in the backward pass instead of being kept; none where all are kept. */
  readonly recomputed?: typeof recomputedNodes | undefined;
  /** Where a step takes its batch in parts. */
  readonly microBatches?: MicroBatches | undefined;
}

/** Where the device adds up what metrics count. */
export function countsOf(metrics: readonly Metric[], model: Model, where: string): Map<Metric, Variable> {
  const counting = metrics.filter(({ totals }) => totals === "counts");
  return new Map(
    counting.map((metric) => [
      metric,
      new Variable({ name: `${where}/${metric.name}`, shape: [metric.size(model.outputShape)] }),
    ]),
  );
}

/** Totals of metrics that count, read in the order of the map. */
export function countsByMetric(
  counts: ReadonlyMap<Metric, Variable>,
  tensors: readonly Tensor[],
): Map<Metric, ArrayLike<number>> {
  return new Map([...counts.keys()].map((metric, index) => [metric, at(tensors, index).data]));
}

function newTrainingState(
  model: Model,
  optimizer: Optimizer,
  metrics: readonly Metric[],
  { ring, mixed }: { ring: Variable; mixed: boolean },
): TrainingState {
  const schedule = learningRateTable(optimizer.learningRate);
  return {
    optimizer: stateArenas(optimizer.rule, model.arena),
    step: new Variable({ name: "step", shape: [], dtype: "u32" }),
    cursor: new Variable({ name: "cursor", shape: [], dtype: "u32" }),
    schedule: new Variable({
      name: "learning rate",
      shape: [schedule.length / SCHEDULE_COLUMNS, SCHEDULE_COLUMNS],
      initial: schedule,
    }),
    ring,
    counts: countsOf(metrics, model, "training metrics"),
    scaling: mixed ? newLossScaling() : undefined,
  };
}

/** The parts of a trainer's step, at its very beginning. */
export function newStepParts(
  parts: Omit<StepParts, "state" | "record">,
  precision: "float32" | "mixed" = "float32",
): StepParts {
  const record = new StepRecord(parts.measures);
  const ring = record.newRing(parts.measures.recorded);
  const mixed = precision === "mixed";
  const state = newTrainingState(parts.model, parts.optimizer, parts.metrics, { ring, mixed });
  return { ...parts, record, state };
}

/** All variables of a trainer: what is kept on the device as long as it lives. */
export function variablesOf({ model, state }: StepParts): Variable[] {
  return [
    ...model.variables,
    ...state.optimizer.flatMap((arena) => arena.variables),
    state.step,
    state.cursor,
    state.schedule,
    state.ring,
    ...state.counts.values(),
    ...(state.scaling ? [state.scaling.scale, state.scaling.counters] : []),
  ];
}
