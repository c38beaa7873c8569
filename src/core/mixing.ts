import { ArgumentError } from "./errors.ts";
import { describeValue } from "./options.ts";
import { permute, randomBits, randomKey } from "./random.ts";

/** How the images of a batch are mixed with each other; 0 or left out does nothing. */
export interface Mixing {
  /**
   * Each image becomes share · image + (1 − share) · another image of the batch (Zhang et al. 2018). The share is drawn from
   * the Beta distribution (mixup, mixup), folded: at least ½. The usual value is 0.2.
   */
  readonly mixup?: number;
  /**
   * A rectangle of each image is taken from another image of the batch (Yun et al. 2019). What is left of the image, its share, is
   * drawn from the Beta distribution (cutMix, cutMix), folded: at least ½; a rectangle that hangs over the edge takes less. The
   * usual value is 1. With `mixup` too, each image has one or the other, as often.
   */
  readonly cutMix?: number;
}

/** Tells these random numbers from those of shuffling, augmentation, dropout and noise. */
export const MIXING_STREAM = 0x3142;
/** Shares are drawn from as many, equally likely ones. */
export const SHARES = 1024;
/** Beyond it every share is nearly ½. */
const MOST_ALPHA = 100;

/** Both settings. Throws `ArgumentError` for one that is no number in its bounds. */
export function checkMixing(what: string, { mixup = 0, cutMix = 0 }: Mixing): Required<Mixing> {
  for (const [name, alpha] of Object.entries({ mixup, cutMix })) {
    if (alpha >= 0 && alpha <= MOST_ALPHA) continue;
    throw new ArgumentError(
      `${what}: ${name} must be a number from 0 to ${MOST_ALPHA} (alpha of the Beta distribution), got ${describeValue(alpha)}.`,
    );
  }
  return { mixup, cutMix };
}

/**
 * ∫₀ˣ (t − t²)^(α−1) dt for x ≤ ½: x^α (1 − x)^α · Σ (2α)ₙ / (α + 1)ₙ · xⁿ, whose terms are all positive (Abramowitz and
 * Stegun, 26.5.4), without the factor 1/α. `logScale` is taken off its logarithm.
 */
function incompleteBeta(alpha: number, x: number, logScale: number): number {
  let [sum, term] = [1, 1];
  for (let n = 0; term > 1e-17 * sum; n++) {
    term *= ((2 * alpha + n) / (alpha + 1 + n)) * x;
    sum += term;
  }
  return Math.exp(alpha * Math.log(x * (1 - x)) - logScale) * sum;
}

/**
 * `SHARES` equally likely values of max(λ, 1 − λ), λ of the Beta distribution (alpha, alpha): its quantiles in the middle of as many
 * steps. A table is the same on every backend, where a sampler's loop would depend on rounding.
 */
export function betaShares(alpha: number): Float64Array {
  const logScale = alpha * Math.log(1 / 4);
  const half = incompleteBeta(alpha, 0.5, logScale);
  return Float64Array.from({ length: SHARES }, (_, index) => {
    // How much of the lower half lies below 1 − share.
    const below = 1 - (index + 0.5) / SHARES;
    let [low, high] = [0, 0.5];
    for (let bisection = 0; bisection < 60; bisection++) {
      const middle = (low + high) / 2;
      if (incompleteBeta(alpha, middle, logScale) < below * half) low = middle;
      else high = middle;
    }
    return 1 - high;
  });
}

/** Rows of a table of what may be drawn: shares of mixup; heights and widths of cutMix. */
export const TABLE_ROWS = 3;

/** What may be drawn for images [height, width], f32 [3, SHARES]; rows of what is not wanted hold 1. */
export function mixingTable({ mixup, cutMix }: Required<Mixing>, height: number, width: number): Float32Array {
  const cut = cutMix > 0 ? betaShares(cutMix).map((share) => Math.sqrt(1 - share)) : new Float64Array(SHARES);
  return Float32Array.from([
    ...(mixup > 0 ? betaShares(mixup) : new Float64Array(SHARES).fill(1)),
    ...cut.map((side) => Math.floor(side * height)),
    ...cut.map((side) => Math.floor(side * width)),
  ]);
}

/** Numbers drawn for one image. `shaders/mixing_plan.wgsl` has the same. */
const [SHARE, KIND, ROW, COLUMN] = [0, 1, 2, 3] as const;

/** What one image of a batch gets of another one. */
export interface Mixed {
  /** What the image's own target counts, ½ to 1. */
  readonly share: number;
  /** The other image's place in the batch. */
  readonly partner: number;
  /** The rectangle [top, bottom), [left, right) that is the other's; empty where both are blended. */
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Of the `place`-th of the `valid` images [height, width] of batch number `batch`. */
export function drawMixed(
  mixing: Required<Mixing>,
  table: Float32Array,
  [height, width]: readonly [number, number],
  { seed, batch, place, valid }: { seed: number; batch: number; place: number; valid: number },
): Mixed {
  const batchKey = randomKey(seed, MIXING_STREAM, batch);
  const key = randomKey(seed, MIXING_STREAM, batch, place);
  const drawn = randomBits(key, SHARE) >>> 22;
  const partner = permute(batchKey, place, valid);
  const isCut = mixing.cutMix > 0 && (mixing.mixup === 0 || randomBits(key, KIND) >>> 31 === 1);
  if (!isCut) return { share: table[drawn] ?? 1, partner, top: 0, bottom: 0, left: 0, right: 0 };
  const range = (counter: number, cut: number, extent: number): [number, number] => {
    const first = (randomBits(key, counter) % extent) - (cut >> 1);
    return [Math.max(first, 0), Math.min(first + cut, extent)];
  };
  const [top, bottom] = range(ROW, table[SHARES + drawn] ?? 0, height);
  const [left, right] = range(COLUMN, table[2 * SHARES + drawn] ?? 0, width);
  return { share: 1 - ((bottom - top) * (right - left)) / (height * width), partner, top, bottom, left, right };
}
