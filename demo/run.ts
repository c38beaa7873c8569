/** What happened in a training so far: the event log, that curves and tables are drawn from. */
import type { StepEvent } from "../src/index.ts";

export interface Measurement {
  /** Updates made before it. */
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Held-out digits that it was taken on. */
  readonly count: number;
  /** Smoothed loss on the training batches at that time; undefined before the first step. */
  readonly trainingLoss: number | undefined;
}

/** What happened so far, one entry a step; index = updates made before the step. */
export interface Run {
  readonly losses: (number | null)[];
  readonly accuracies: (number | null)[];
  readonly smoothLosses: (number | null)[];
  readonly smoothAccuracies: (number | null)[];
  readonly measurements: Measurement[];
}

/** Weight of the newest step in the smoothed curves. */
const SMOOTHING = 0.15;

export function emptyRun(): Run {
  return { losses: [], accuracies: [], smoothLosses: [], smoothAccuracies: [], measurements: [] };
}

/** A run of so many steps that nobody here has seen. */
export function unknownRun(steps: number): Run {
  const unknown = () => Array<null>(steps).fill(null);
  return {
    losses: unknown(),
    accuracies: unknown(),
    smoothLosses: unknown(),
    smoothAccuracies: unknown(),
    measurements: [],
  };
}

/** Notes a step. */
export function record(run: Run, event: StepEvent): void {
  run.losses[event.step] = event.loss;
  run.accuracies[event.step] = event.accuracy;
  run.smoothLosses[event.step] = smooth(run.smoothLosses, event.step, event.loss);
  run.smoothAccuracies[event.step] = smooth(run.smoothAccuracies, event.step, event.accuracy);
}

/** The run as it was after `steps` steps; at 0 nothing of it, measurements neither. */
export function truncated(run: Run, steps: number): Run {
  return {
    losses: run.losses.slice(0, steps),
    accuracies: run.accuracies.slice(0, steps),
    smoothLosses: run.smoothLosses.slice(0, steps),
    smoothAccuracies: run.smoothAccuracies.slice(0, steps),
    measurements: steps === 0 ? [] : run.measurements.filter((measurement) => measurement.step <= steps),
  };
}

/** Exponential mean, that starts as the plain mean of what there is. */
function smooth(values: readonly (number | null)[], step: number, value: number): number {
  const before = step === 0 ? undefined : values[step - 1];
  if (before === undefined || before === null) return value;
  return before + Math.max(SMOOTHING, 1 / (step + 1)) * (value - before);
}
