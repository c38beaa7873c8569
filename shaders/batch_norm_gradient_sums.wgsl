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

#include stored_tensor activated
#include stored_tensor x
#include stored_tensor upstream

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
      let gradient = select(Element(0.0), loadUpstream(upstream[place]), loadActivated(activated[place]) > Element(0.0));
#else
      let gradient = loadUpstream(upstream[place]);
#endif
      sum += gradient;
      weighted += gradient * (loadX(x[place]) - mean);
    }
  }
  partials[index] = sum;
  partials[SLICES * ELEMENTS + index] = weighted;
}
