/**
 * Colours of signed numbers: 0 is white, positive blue, negative orange, which colour-blind eyes tell apart too. The same
 * in shaders/draw_maps.wgsl.
 */

/** Red, green and blue, 0…255. */
export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
/** Of the largest magnitude, where it is above 0. */
export const POSITIVE: Rgb = [20, 58, 168];
/** Where it is below 0. */
export const NEGATIVE: Rgb = [184, 74, 0];

/** The colour of a value between −most and most; beyond them the ends' colours, and white where `most` is 0. */
export function signedColor(value: number, most: number): Rgb {
  if (!(most > 0) || Number.isNaN(value)) return WHITE;
  const share = Math.min(1, Math.abs(value) / most);
  const end = value > 0 ? POSITIVE : NEGATIVE;
  const mix = (index: 0 | 1 | 2) => Math.round(WHITE[index] + share * (end[index] - WHITE[index]));
  return [mix(0), mix(1), mix(2)];
}

/** The largest magnitude of some values; 0 for none. */
export function largestMagnitude(values: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < values.length; index++) most = Math.max(most, Math.abs(values[index] ?? 0));
  return most;
}
