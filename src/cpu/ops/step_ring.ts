import { at } from "../../core/at.ts";
import type { Variable } from "../../graph/node.ts";
import type { StepRing } from "../../graph/ops/step_ring.ts";
import { type CpuArray, read } from "../op.ts";

/** Writes a step's values, of which the first is NaN where the step did not count, into its row of `capacity` ones. */
export function recordRow(
  { ring, counters }: StepRing,
  capacity: number,
  { values, counted }: { values: readonly CpuArray[]; counted: boolean },
  variable: (variable: Variable) => CpuArray,
): void {
  const rows = variable(ring);
  const first = (read(variable(at(counters, 0)), 0) % capacity) * at(ring.shape, 1);
  let place = first;
  for (const value of values) {
    rows.set(value, place);
    place += value.length;
  }
  if (!counted) rows[first] = Number.NaN;
}

/** Adds one to every counter. */
export function countStep({ counters }: StepRing, variable: (variable: Variable) => CpuArray): void {
  for (const counter of counters) variable(counter)[0] = read(variable(counter), 0) + 1;
}
