/** From the steps of a training to the points of a curve: not more of them than there are pixels. No page. */
import { mean, type Run } from "../run.ts";
import { smoothed } from "./smoothing.ts";

export type Column = (number | null)[];

/** One curve over the grid: means of the batches, their smoothed course, what the held-out digits say. */
export interface Curve {
  readonly raw: Column;
  readonly smooth: Column;
  readonly heldOut: Column;
}

/**
 * The first steps of at most about `most` buckets over the steps 0 … `last`: equally wide, or equally wide on a logarithmic
 * axis, which has no place for step 0. The last one holds `last` alone.
 */
export function grid(last: number, most: number, logarithmic: boolean): number[] {
  const starts: number[] = [];
  if (logarithmic) {
    const end = Math.max(2, last);
    const ratio = end ** (1 / most);
    for (let place = 1; place < end; place = Math.max(place * ratio, Math.floor(place) + 1))
      starts.push(Math.floor(place));
    return [...starts, end];
  }
  const end = Math.max(1, last);
  const width = Math.max(1, Math.ceil(end / most));
  for (let step = 0; step < end; step += width) starts.push(step);
  return [...starts, end];
}

/** `of` a run, on the buckets that start at `starts`. */
export function curve(run: Run, of: "loss" | "accuracy", starts: readonly number[], factor: number): Curve {
  const values = of === "loss" ? run.losses : run.accuracies;
  const smooth = smoothed(values, factor);
  const held = new Map(run.measurements.map((measurement) => [measurement.step, measurement[of]]));
  const result: Curve = { raw: [], smooth: [], heldOut: [] };
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? start + 1;
    result.raw.push(mean(values.slice(start, end)) ?? null);
    result.smooth.push(lastKnown((step) => smooth[step], start, end));
    result.heldOut.push(lastKnown((step) => held.get(step), start, end));
  }
  return result;
}

function lastKnown(read: (step: number) => number | null | undefined, start: number, end: number): number | null {
  for (let step = end - 1; step >= start; step--) {
    const value = read(step);
    if (Number.isFinite(value)) return Number(value);
  }
  return null;
}
