// What the formulas of other_update_formulas.wgsl want beside a function.

#if MEASURE
// LAMB's first pass: Σ of the parameter's and of the direction's squares over each vector.
var<storage> squares: array<vec2f>;
#elif LAMB
// Its second: a ratio for each block (trust_ratios.wgsl).
var<storage> trustRatios: array<f32>;
#elif ADAFACTOR
// How far each block goes along its direction, in learning rates (adafactor_scales.wgsl). Clips come before its directions, so no factor stands here.
var<storage> directionScales: array<f32>;
#endif

#if NADAM
// 1 / (1 − ∏ μᵢ) over steps 1 … t: a table behind the blocks, and 1 where it ends.
fn momentumCorrection(t: u32) -> f32 {
  if (t > MOMENTUM_CORRECTIONS) { return 1.0; }
  return bitcast<f32>(blockTable[ARENA_VECTORS / 16u + (t - 1u) / 4u][(t - 1u) % 4u]);
}

// β₁ − μₜ = β₁ · 0.96^(t · momentumDecay) / 2.
fn momentumLack(t: u32) -> f32 {
  return BETA1 * 0.5 * exp(f32(t) * LN_MOMENTUM_DECAY);
}
#endif

#if FTRL
// a^−learningRatePower.
fn rootOf(accumulator: vec4f) -> vec4f {
#if SQUARE_ROOT
  return sqrt(accumulator);
#else
  return pow(accumulator, vec4f(ROOT));
#endif
}
#endif
