import { randomBits, randomKey } from "./random.ts";

/** Tells these random numbers from those of dropout, shuffling and augmentation. */
const NOISE_STREAM = 0x6a055;

/** Key of the noise of one layer; the key of step `step` is derived from it (`randomKey`, `deriveKey` in a shader). */
export function noiseKey(seed: number, stream: number): number {
  return randomKey(seed, NOISE_STREAM, stream);
}

/**
 * The standard normal quantile of a probability in 2⁻²⁴ … 1 − 2⁻²⁴, within 6e-7: Wichura's PPND7 (Applied Statistics 37,
 * 1988, algorithm AS 241) without its branch for smaller ones. It takes a root and a logarithm that WGSL has to a few
 * roundings, where Box and Muller's transform takes a cosine, good to 2⁻¹¹ there. The device's twin: gaussian_noise.wgsl.
 */
export function normalQuantile(probability: number): number {
  const q = probability - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    const above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179;
    return (q * above) / (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1);
  }
  const r = Math.sqrt(-Math.log(Math.min(probability, 1 - probability))) - 1.6;
  const above = ((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777;
  const size = above / ((0.12021132975 * r + 0.7370016425) * r + 1);
  return q < 0 ? -size : size;
}

/** Standard normal noise of a step: `noise(place)`, a function of seed, stream, step and place alone. */
export function gaussianNoiseOf(seed: number, stream: number, step: number): (place: number) => number {
  const key = randomKey(seed, NOISE_STREAM, stream, step);
  // 23 bits and a half: f32 holds the probability, and one minus it, exactly.
  return (place) => normalQuantile(((randomBits(key, place) >>> 9) + 0.5) * 2 ** -23);
}
