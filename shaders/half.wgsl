// Tensors stored as 16-bit floats (binary16) and computed with as f32: a vec2u holds four neighbouring values, a u32 two.

fn unpackHalves(words: vec2u) -> vec4f {
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}

// One of the two values of a word: that with this index in the tensor.
fn unpackHalf(word: u32, index: u32) -> f32 {
  let pair = unpack2x16float(word);
  return select(pair.x, pair.y, (index & 1u) == 1u);
}

// Rounds to the nearest half. Values beyond the largest (65,504), and NaN, become infinity: WGSL leaves open what
// pack2x16float makes of them, and loss scaling looks for values that are not finite. Compared as integers, since NaN is
// invisible to float arithmetic.
fn packHalves(values: vec4f) -> vec2u {
  let bits = bitcast<vec4u>(values);
  let beyond = (bits & vec4u(0x7fffffffu)) > vec4u(0x477fe000u);
  let finite = select(values, vec4f(0.0), beyond);
  let infinite = select(vec4u(0u), ((bits >> vec4u(16u)) & vec4u(0x8000u)) | vec4u(0x7c00u), beyond);
  return vec2u(
    pack2x16float(finite.xy) | infinite.x | (infinite.y << 16u),
    pack2x16float(finite.zw) | infinite.z | (infinite.w << 16u),
  );
}
