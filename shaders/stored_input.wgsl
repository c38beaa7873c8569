// The tensor `input`, stored as f32 or, with HALF_INPUT, as 16-bit floats.
#if HALF_INPUT
alias StoredInput = vec2u;
fn inputAt(place: u32) -> vec4f {
  return unpackHalves(input[place]);
}
#else
alias StoredInput = Element;
fn inputAt(place: u32) -> Element {
  return input[place];
}
#endif
