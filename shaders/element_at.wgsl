// The tensor `{name}`, read at {name}At(place): one `Element` or, with HALF_{NAME}, 16-bit floats, four to a vec2u or two to a
// u32.
#if HALF_{NAME} && VECTOR
var<storage> {name}: array<vec2u>;
fn {name}At(place: u32) -> Element {
  return unpackHalves({name}[place]);
}
#elif HALF_{NAME}
var<storage> {name}: array<u32>;
fn {name}At(place: u32) -> Element {
  return unpackHalf({name}[place / 2u], place);
}
#else
var<storage> {name}: array<Element>;
fn {name}At(place: u32) -> Element {
  return {name}[place];
}
#endif
