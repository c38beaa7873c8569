const SQRT_PI = Math.sqrt(Math.PI);

/**
 * erf by DLMF 7.6.2, 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!: all terms have one sign, so that nothing cancels.
 * For |x| up to 3; about 60 terms there.
 */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}

/** erfc for x above 1 by its continued fraction, DLMF 7.9.2: e⁻ˣ²/√π · 1/(x + ½/(x + 1/(x + 1½/(x + …)))). */
function continuedFraction(x: number): number {
  let denominator = x;
  for (let k = Math.ceil(20 + 400 / (x * x)); k >= 1; k--) denominator = x + k / 2 / denominator;
  return Math.exp(-x * x) / (SQRT_PI * denominator);
}

/** The error function in f64, within a few units in the last place. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) < 3) return series(x);
  return x > 0 ? 1 - continuedFraction(x) : continuedFraction(-x) - 1;
}

/** 1 − erf(x) in f64, without cancellation where x is large. */
export function erfc(x: number): number {
  return x < 1 ? 1 - erf(x) : continuedFraction(x);
}
