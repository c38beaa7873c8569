// max(0, x) that keeps NaN: as bits, what lies from −0 to −∞ becomes 0.
fn relu(x: vec4f) -> vec4f {
  let bits = bitcast<vec4u>(x);
  return bitcast<vec4f>(select(bits, vec4u(0u), bits - vec4u(0x80000000u) <= vec4u(0x7f800000u)));
}
