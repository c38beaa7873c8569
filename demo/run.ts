/** What happened in a training so far: the event log, that curves and tables are drawn from. */
import type { StepEvent } from "../src/index.ts";
import type { RunSettings } from "./train/run_settings.ts";
import type { StopReason } from "./train/stopping.ts";

export interface Measurement {
  /** Updates made before it. */
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Held-out digits that it was taken on. */
  readonly count: number;
  /** Means over the training batches since the measurement before; undefined where there was none. */
  readonly trainingLoss: number | undefined;
  readonly trainingAccuracy: number | undefined;
}

/** Something that changed the course of a training. */
export type Change =
  | { readonly kind: "learningRate" | "batchSize" | "digits"; readonly value: number }
  | { readonly kind: "vary"; readonly value: boolean }
  | { readonly kind: "lesson" }
  /** Weights, or the whole training, went back: to the weights of step `value`, from step `value`. */
  | { readonly kind: "best" | "back"; readonly value: number }
  | { readonly kind: "stopped"; readonly why: StopReason }
  /** A value became NaN, in this layer where it is known; earlier versions of the page noted a parameter. */
  | { readonly kind: "diverged"; readonly layer: string | undefined; readonly parameter?: string | undefined };

/** It changed before the update `step`. */
export type RunEvent = Change & { readonly step: number };

/** What happened so far. */
export interface Run {
  /** Names it among the trainings of this browser. */
  readonly id: string;
  /** What it was of at its first step. */
  settings: RunSettings | undefined;
  /** Of each step's batch, before its update; index = updates made before the step. Null where nobody here has seen it. */
  readonly losses: (number | null)[];
  readonly accuracies: (number | null)[];
  readonly measurements: Measurement[];
  readonly events: RunEvent[];
}

export function emptyRun(): Run {
  const id = `${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
  return { id, settings: undefined, losses: [], accuracies: [], measurements: [], events: [] };
}

/** A run of so many steps that nobody here has seen. */
export function unknownRun(steps: number): Run {
  const unknown = () => Array<null>(steps).fill(null);
  return { ...emptyRun(), losses: unknown(), accuracies: unknown() };
}

/** A run that an earlier version of this page may have kept: it noted less. */
export function completed(run: Partial<Run>): Run {
  return { ...emptyRun(), ...structuredClone(run) };
}

/** Whether the digits were varied at its end; undefined where nobody here knows. */
export function variedAtEnd({ settings, events }: Run): boolean | undefined {
  const changed = events.findLast((event) => event.kind === "vary");
  return changed?.kind === "vary" ? changed.value : settings?.vary;
}

/** Notes a step. */
export function record(
  run: Run,
  { step, loss, accuracy = Number.NaN }: Pick<StepEvent, "step" | "loss" | "accuracy">,
): void {
  run.losses[step] = loss;
  run.accuracies[step] = accuracy;
}

/** Notes what the held-out digits say after `step` updates, in place of what they said there before. */
export function measure(run: Run, found: Pick<Measurement, "step" | "loss" | "accuracy" | "count">): void {
  const { measurements } = run;
  const same = measurements.at(-1)?.step === found.step ? measurements.pop() : undefined;
  const since = measurements.at(-1)?.step ?? 0;
  measurements.push({
    ...found,
    trainingLoss: mean(run.losses.slice(since, found.step)) ?? same?.trainingLoss,
    trainingAccuracy: mean(run.accuracies.slice(since, found.step)) ?? same?.trainingAccuracy,
  });
}

/** Notes a change; a later one of the same kind at the same step takes its place. */
export function note(run: Run, event: RunEvent): void {
  const last = run.events.findLastIndex(({ kind, step }) => kind === event.kind && step === event.step);
  if (last >= 0) run.events.splice(last, 1);
  run.events.push(event);
}

/** Notes that the loss of the step `step` was no number. */
export function diverged(run: Run, step: number, layer: string | undefined): void {
  run.losses[step] = Number.NaN;
  run.accuracies[step] = null;
  note(run, { step, kind: "diverged", layer });
}

/** The run as it was after `steps` steps; after none another one begins. */
export function truncated(run: Run, steps: number): Run {
  if (steps === 0) return emptyRun();
  const upTo = <Entry extends { readonly step: number }>(entries: readonly Entry[]) =>
    entries.filter(({ step }) => step <= steps);
  return {
    id: run.id,
    settings: run.settings,
    losses: run.losses.slice(0, steps),
    accuracies: run.accuracies.slice(0, steps),
    measurements: upTo(run.measurements),
    events: upTo(run.events),
  };
}

/** Mean of what is known and finite; undefined where there is nothing. */
export function mean(values: readonly (number | null | undefined)[]): number | undefined {
  let sum = 0;
  let known = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += Number(value);
    known++;
  }
  return known === 0 ? undefined : sum / known;
}
