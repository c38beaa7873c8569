// x / (1 + e^−x) and its derivative, as pointwise.wgsl has them; NaN stays NaN.
fn sigmoid(x: vec4f) -> vec4f {
  let e = exp(-abs(x));
  return select(vec4f(1.0), e, x < vec4f(0.0)) / (vec4f(1.0) + e);
}

fn nanWhereNan(x: vec4f, value: vec4f) -> vec4f {
  let isNan = (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  return bitcast<vec4f>(select(bitcast<vec4u>(value), vec4u(0x7fc00000u), isNan));
}

fn silu(x: vec4f) -> vec4f {
  return nanWhereNan(x, x * sigmoid(x));
}

fn siluDerivative(x: vec4f) -> vec4f {
  let e = exp(-abs(x));
  // sigmoid(x) · (1 − sigmoid(x)); beyond 120 it is 0, and x must not be infinite.
  let steepness = e / ((vec4f(1.0) + e) * (vec4f(1.0) + e));
  return nanWhereNan(x, sigmoid(x) + clamp(x, vec4f(-120.0), vec4f(120.0)) * steepness);
}
