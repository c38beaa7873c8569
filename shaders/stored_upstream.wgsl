// The tensor `upstream`, stored as f32 or, with HALF_UPSTREAM, as 16-bit floats.
#if HALF_UPSTREAM
alias StoredUpstream = vec2u;
fn upstreamAt(place: u32) -> vec4f {
  return unpackHalves(upstream[place]);
}
#else
alias StoredUpstream = Element;
fn upstreamAt(place: u32) -> Element {
  return upstream[place];
}
#endif
