// Whether a float is infinite or no number: its exponent's bits are all ones. Arithmetic may not tell (x != x may be
// false), so that floats to be looked at come as u32.
fn notFinite(bits: u32) -> bool {
  return (bits & 0x7f800000u) == 0x7f800000u;
}

fn anyNotFinite(bits: vec4u) -> bool {
  return any((bits & vec4u(0x7f800000u)) == vec4u(0x7f800000u));
}
