// The tensor `x`, stored as f32 or, with HALF_X, as 16-bit floats.
#if HALF_X
alias StoredX = vec2u;
fn xAt(place: u32) -> vec4f {
  return unpackHalves(x[place]);
}
#else
alias StoredX = Element;
fn xAt(place: u32) -> Element {
  return x[place];
}
#endif
