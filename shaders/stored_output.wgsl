// The tensor `output`, stored as f32 or, with HALF_OUTPUT, as 16-bit floats.
#if HALF_OUTPUT
alias StoredOutput = vec2u;
fn writeOutput(place: u32, value: vec4f) {
  output[place] = packHalves(value);
}
#else
alias StoredOutput = Element;
fn writeOutput(place: u32, value: Element) {
  output[place] = value;
}
#endif
