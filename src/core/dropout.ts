import { randomBits, randomKey } from "./random.ts";

/** Tells these random numbers from those of shuffling and of augmentation. */
const DROPOUT_STREAM = 0x0d209;

/** Key of the masks of one dropout; the key of step `step` is derived from it (`randomKey`, `deriveKey` in a shader). */
export function dropoutKey(seed: number, stream: number): number {
  return randomKey(seed, DROPOUT_STREAM, stream);
}

/** Random bits below this number drop their element: rate · 2³². */
export function dropoutThreshold(rate: number): number {
  return Math.min(Math.floor(rate * 2 ** 32), 2 ** 32 - 1);
}

/** Key of the mask of one step. */
export const maskKey = (seed: number, stream: number, step: number): number =>
  randomKey(seed, DROPOUT_STREAM, stream, step);

/** Whether each element of a mask is kept in a step: `kept(place)`, a function of the four numbers and the place alone. */
export function dropoutMask(rate: number, seed: number, stream: number, step: number): (place: number) => boolean {
  const key = maskKey(seed, stream, step);
  const threshold = dropoutThreshold(rate);
  return (place) => randomBits(key, place) >= threshold;
}
