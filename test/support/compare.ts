/** Half a unit in the last place of f32, relative: what one rounding may cost. */
const ROUNDING = 2 ** -24;

/** Roundings of a sum that a kernel may be worse than √K random ones (DESIGN section 5). */
const SLACK = 8;

/** Smallest normal f32: some adapters flush what is smaller to zero. */
const TINY = 2 ** -126;

export interface CloseOptions {
  /** Σ|a||b| of the sum behind a value: one for all, or one each. Default: |want|. */
  absSum?: number | ArrayLike<number>;
  /** K, the terms of that sum. Default 1. */
  k?: number;
}

/** Throws, naming the worst place, unless every |got − want| ≤ 8 · √K · 2⁻²⁴ · Σ|a||b| + 2⁻¹²⁶. NaN is close to NaN alone. */
export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { absSum, k = 1 }: CloseOptions = {},
): void {
  expectSameLength(got, want);
  if (typeof absSum === "object") expectSameLength(absSum, want);
  let worst = 1;
  let message = "";
  for (let i = 0; i < want.length; i++) {
    const [actual, expected] = [got[i] as number, want[i] as number];
    if (Object.is(actual, expected)) continue;
    const magnitude = typeof absSum === "object" ? (absSum[i] as number) : (absSum ?? Math.abs(expected));
    const allowed = SLACK * Math.sqrt(k) * ROUNDING * magnitude + TINY;
    const distance = Math.abs(actual - expected) / allowed;
    if (!(distance <= worst) && !(message !== "" && Number.isNaN(distance))) {
      worst = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
      message = `value ${i} is ${actual}, expected ${expected} ± ${allowed}`;
    }
  }
  if (message !== "") throw new Error(message);
}

/** Throws, naming the first place, unless every value is the same; −0 is 0, and NaN is NaN. */
export function expectExact(got: ArrayLike<number>, want: ArrayLike<number>): void {
  expectSameLength(got, want);
  for (let i = 0; i < want.length; i++) {
    if (got[i] !== want[i] && !Object.is(got[i], want[i])) {
      throw new Error(`value ${i} is ${got[i]}, expected exactly ${want[i]}`);
    }
  }
}

function expectSameLength(got: ArrayLike<number>, want: ArrayLike<number>): void {
  if (got.length !== want.length) throw new Error(`${got.length} values, expected ${want.length}`);
}
