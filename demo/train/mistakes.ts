/** What a network says of every picture of a set, and which of its answers are wrong. */

import type { Tensor } from "../../src/index.ts";
import { largestOf } from "../largest.ts";

/** One picture's answer. */
export interface Reading {
  /** The picture's place in the set that was read. */
  readonly row: number;
  readonly label: number;
  /** The class with the highest score. */
  readonly answer: number;
  /** Probability of the answer. */
  readonly probability: number;
  /** Probability of the label. */
  readonly labelProbability: number;
  /** −log of the label's probability (cross-entropy): the surer the network is of another class, the higher. */
  readonly loss: number;
}

/** Readings from the scores [count, classes] of an evaluation (`outputs`: logits), in the set's order. */
export function readingsOf(scores: Tensor<Float32Array>, labels: ArrayLike<number>): Reading[] {
  const [count = 0, classes = 0] = scores.shape;
  return Array.from({ length: count }, (_, row) => {
    const own = scores.data.subarray(row * classes, (row + 1) * classes);
    const label = labels[row] ?? 0;
    const answer = largestOf(own);
    const most = own[answer] ?? 0;
    // log Σ exp(score), with the largest score taken out so that nothing overflows.
    const logSum = most + Math.log(own.reduce((sum, score) => sum + Math.exp(score - most), 0));
    const loss = logSum - (own[label] ?? Number.NaN);
    return {
      ...{ row, label, answer, loss },
      probability: Math.exp(most - logSum),
      labelProbability: Math.exp(-loss),
    };
  });
}

/** Highest loss first; a loss that is no number counts as the highest. */
function worstFirst(a: Reading, b: Reading): number {
  const of = ({ loss }: Reading) => (Number.isNaN(loss) ? Number.MAX_VALUE : loss);
  return of(b) - of(a) || a.row - b.row;
}

/** The pictures that were read wrong, the worst mistakes first. */
export function mistakes(readings: readonly Reading[]): Reading[] {
  return readings.filter(({ label, answer }) => label !== answer).sort(worstFirst);
}

/** A cell of the confusion matrix. */
export interface Cell {
  readonly label: number;
  readonly answer: number;
}

/** The pictures of a cell, the least sure of their label first. */
export function picturesOf(readings: readonly Reading[], cell: Cell): Reading[] {
  return readings.filter(({ label, answer }) => label === cell.label && answer === cell.answer).sort(worstFirst);
}

/**
 * How strongly each cell is coloured, 0…1: on the diagonal the share of its row; off it the count, or the share of the row,
 * relative to the largest mistake there is, so that the worst confusion stands out however few mistakes there are.
 */
export function shades(confusion: readonly (readonly number[])[], byShare: boolean): number[][] {
  const shares = confusion.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => (total === 0 ? 0 : count / total));
  });
  const values = byShare ? shares : confusion;
  const largest = Math.max(0, ...values.flatMap((row, label) => row.filter((_, answer) => answer !== label)));
  return values.map((row, label) =>
    row.map((value, answer) =>
      answer === label ? (shares[label]?.[answer] ?? 0) : largest === 0 ? 0 : value / largest,
    ),
  );
}
