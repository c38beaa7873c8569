/** The place of the largest score, the first of equal ones; one that is no number wins, as on the device. */
export function largestOf(scores: Float32Array): number {
  const spoilt = scores.findIndex(Number.isNaN);
  return spoilt >= 0 ? spoilt : scores.reduce((best, score, index) => (score > (scores[best] ?? 0) ? index : best), 0);
}
