// Arithmetic and comparisons may take NaN for any number (the maximum of NaN and 0 may be 0): what is to stay NaN is told,
// and made, by its bits.
fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// `value`, or NaN.
fn nanIf(isWanted: bool, value: f32) -> f32 {
  return bitcast<f32>(select(bitcast<u32>(value), 0x7fc00000u, isWanted));
}

const INFINITY_BITS = 0x7f800000u;
const MINUS_INFINITY_BITS = 0xff800000u;

// A float of which WGSL has no literal. A parameter is no constant, which would have to be finite.
fn floatOf(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}
