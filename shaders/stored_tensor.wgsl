// How the tensor `{name}` is stored: as f32 or, with HALF_{NAME}, as 16-bit floats, four to a vec2u.
#if HALF_{NAME}
alias Stored{Name} = vec2u;
fn load{Name}(stored: vec2u) -> vec4f {
  return unpackHalves(stored);
}
fn store{Name}(value: vec4f) -> vec2u {
  return packHalves(value);
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
