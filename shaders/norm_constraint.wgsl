// Brings the norm of each slice of a parameter into a range: w ← w · (rate · clip(norm) + (1 − rate) · norm) / (norm + ε).
// A thread takes a slice and walks over it twice; slices are as many as units or filters.
#include linear_index

var<storage> parameter: array<f32>;
#if SKIPPABLE
var<storage> counts: array<u32>;
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let slice = linearIndex(globalId, workgroupCount, THREADS);
  if (slice >= SLICES) { return; }
#if SKIPPABLE
  if (counts[0] == 0u) { return; }
#endif
  var first = 0u;
  var sliceRest = slice;
#unroll axis 0 SLICE_RANK
  first += sliceRest / SLICE_WALK[$(axis)] * SLICE_STRIDES[$(axis)];
  sliceRest %= SLICE_WALK[$(axis)];
#end

  var squares = 0.0;
  for (var step = 0u; step < LENGTH; step++) {
    let value = parameter[first + placeOf(step)];
    squares += value * value;
  }
  let norm = sqrt(squares);
  let wanted = RATE * clamp(norm, LEAST, MOST) + (1.0 - RATE) * norm;
  let scale = wanted / (norm + EPSILON);
  for (var step = 0u; step < LENGTH; step++) {
    parameter[first + placeOf(step)] *= scale;
  }
}

// Where element `step` of a slice lies, from the slice's first element on.
fn placeOf(step: u32) -> u32 {
  var place = 0u;
  var rest = step;
#unroll axis 0 RANK
  place += rest / WALK[$(axis)] * STRIDES[$(axis)];
  rest %= WALK[$(axis)];
#end
  return place;
}
