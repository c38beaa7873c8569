// First half of what batch normalisation's gradients share: each thread walks over one of SLICES sets of rows of its
// channels and leaves Σ dy and Σ dy · (x − mean). With RELU the gradient arrives behind a ReLU and passes only where
// that one's result is above zero. Layout as in batch_norm_moments.wgsl.
#include linear_index
#include half

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> x: array<StoredX>;
var<storage> upstream: array<StoredUpstream>;
var<storage> means: array<Element>;
#if RELU
var<storage> activated: array<StoredActivated>;
#endif
// Two planes [SLICES, ELEMENTS].
var<storage> partials: array<Element>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#if HALF_ACTIVATED
alias StoredActivated = vec2u;
fn activatedAt(place: u32) -> vec4f {
  return unpackHalves(activated[place]);
}
#elif RELU
alias StoredActivated = Element;
fn activatedAt(place: u32) -> Element {
  return activated[place];
}
#endif
#include stored_x
#include stored_upstream

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SLICES * ELEMENTS) { return; }
  let element = index % ELEMENTS;
  let slice = index / ELEMENTS;
  let mean = means[element];
  var sum = Element(0.0);
  var weighted = Element(0.0);
  for (var step = 0u; step < STEPS; step++) {
    let row = step * SLICES + slice;
#if STEPS * SLICES > ROWS
    if (row < ROWS) {
#else
    {
#endif
      let place = row * ELEMENTS + element;
#if RELU
      let gradient = select(Element(0.0), upstreamAt(place), activatedAt(place) > Element(0.0));
#else
      let gradient = upstreamAt(place);
#endif
      sum += gradient;
      weighted += gradient * (xAt(place) - mean);
    }
  }
  partials[index] = sum;
  partials[SLICES * ELEMENTS + index] = weighted;
}
