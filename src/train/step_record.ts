import { at } from "../core/at.ts";
import type { Tensor } from "../core/tensor.ts";
import { Variable } from "../graph/node.ts";
import type { Measures } from "./measures.ts";

/*
 * What a step reports, f32: the loss, the right answers, the rows; the sums of metrics that sum; then what only some
 * programs record: the counts of metrics that count (a training step), or the model's outputs (an evaluation).
 */

/** Steps whose reports the device keeps until they are read. */
export const RING_STEPS = 1024;
/** Values before those of metrics. */
const FIXED_VALUES = 3;

/** What steps reported, added up; losses weighted by their rows. */
export interface Totals {
  loss: number;
  correct: number;
  rows: number;
  /** Of the metrics that sum, in their order. */
  readonly sums: number[];
}

export function noTotals(metrics = 0): Totals {
  return { loss: 0, correct: 0, rows: 0, sums: new Array<number>(metrics).fill(0) };
}

export function addTotals(to: Totals, more: Totals): void {
  to.loss += more.loss;
  to.correct += more.correct;
  to.rows += more.rows;
  more.sums.forEach((sum, index) => {
    to.sums[index] = (to.sums[index] ?? 0) + sum;
  });
}

/** Where the values of a report lie. */
export class StepRecord {
  /** Values of metrics' sums. */
  readonly sums: number;

  constructor({ sums }: Pick<Measures, "sums">) {
    this.sums = sums;
  }

  /** First value of what only some programs record. */
  get end(): number {
    return FIXED_VALUES + this.sums;
  }

  /** f32 [RING_STEPS + 1, values] for `finishStep` of training steps, which record so many counts. */
  newRing(recorded: number): Variable {
    return new Variable({ name: "metrics ring", shape: [RING_STEPS + 1, this.end + recorded] });
  }

  /** The totals of reports `first` … `last - 1` in `rows` rows that are filled round and round. */
  totals(ring: Tensor, rows: number, first: number, last: number): Totals {
    const width = at(ring.shape, 1);
    const totals = noTotals(this.sums);
    for (let step = first; step < last; step++) {
      const start = (step % rows) * width;
      const count = ring.data[start + 2] ?? 0;
      addTotals(totals, {
        loss: (ring.data[start] ?? Number.NaN) * count,
        correct: ring.data[start + 1] ?? 0,
        rows: count,
        sums: Array.from(ring.data.subarray(start + FIXED_VALUES, start + this.end)),
      });
    }
    return totals;
  }

  /** What a report holds behind the metrics' sums. */
  rest(ring: Tensor, rows: number, step: number): ArrayLike<number> {
    const width = at(ring.shape, 1);
    const start = (step % rows) * width;
    return ring.data.subarray(start + this.end, start + width);
  }
}
