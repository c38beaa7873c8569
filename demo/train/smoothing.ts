/** Smoothing of a curve, and the slider that sets it. */

/** More than this would be no curve any more. */
export const MOST_SMOOTHING = 0.999;

/**
 * Exponential moving average of a curve: the newest value has weight 1 - `factor`, and the sum is divided by the weights
 * that it has so far, 1 - factor^n, as Adam does with its moments (Kingma and Ba 2015, section 3): a constant stays
 * constant from its first value on. Where a value is missing or not finite there is none in the result either.
 */
export function smoothed(values: readonly (number | null | undefined)[], factor: number): (number | null)[] {
  let sum = 0;
  let weight = 0;
  return Array.from(values, (value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return null;
    sum = factor * sum + (1 - factor) * value;
    weight = factor * weight + (1 - factor);
    return sum / weight;
  });
}

/** The factor at a place 0…1 of the slider: each third of the way leaves a tenth of the noise's weight. */
export function factorAt(place: number): number {
  return Math.min(MOST_SMOOTHING, 1 - 10 ** (-3 * place));
}

/** The way back. */
export function placeOf(factor: number): number {
  return -Math.log10(1 - Math.min(MOST_SMOOTHING, Math.max(0, factor))) / 3;
}
