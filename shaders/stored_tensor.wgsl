// How the tensor `{name}` is stored: as it is or, with HALF_{NAME}, as 16-bit floats, four to a vec2u. An `Element` is a float,
// or four, or their bits.
#if HALF_{NAME}
alias Stored{Name} = vec2u;
fn load{Name}(stored: vec2u) -> Element {
  return bitcast<Element>(unpackHalves(stored));
}
fn store{Name}(value: Element) -> vec2u {
  return packHalves(bitcast<vec4f>(value));
}
#else
alias Stored{Name} = Element;
fn load{Name}(stored: Element) -> Element {
  return stored;
}
fn store{Name}(value: Element) -> Element {
  return value;
}
#endif
