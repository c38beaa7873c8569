// Weighted sums along one axis: result (block, position, i) adds up TAPS elements of the input, whose places along the
// axis and weights a table holds for each position. A place below 0 is none. One element or four a thread.
#include linear_index
#include half

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor input
#include stored_tensor output
var<storage> input: array<StoredInput>;
var<storage> places: array<i32>;
var<storage> weights: array<f32>;
var<storage> output: array<StoredOutput>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= OUTER * OUT_EXTENT * INNER) { return; }
  let inner = index % INNER;
  let position = (index / INNER) % OUT_EXTENT;
  let block = index / (INNER * OUT_EXTENT);
  var sum = Element(0.0);
  for (var tap = 0u; tap < TAPS; tap++) {
    let place = places[position * TAPS + tap];
    if (place >= 0) {
      sum += weights[position * TAPS + tap] * loadInput(input[(block * IN_EXTENT + u32(place)) * INNER + inner]);
    }
  }
  output[index] = storeOutput(sum);
}
