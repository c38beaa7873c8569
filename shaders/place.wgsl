// A tensor spread over a larger one: along each axis its elements lie at BEGINS, BEGINS + STEPS, … and FILL everywhere
// else. Padding, and the gradient of a slice. Bits are moved, whatever type they stand for.
#include linear_index
#include half

#if VECTOR
alias Element = vec4u;
#else
alias Element = u32;
#endif

// HALF_…: that tensor holds floats, stored as 16-bit ones, four to a vec2u.
#include stored_tensor input
#include stored_tensor output
var<storage> input: array<StoredInput>;
var<storage> output: array<StoredOutput>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
  var rest = index;
  var inputIndex = 0u;
  var inside = true;
#unroll axis 0 RANK
  let coordinate_$(axis) = rest / OUTPUT_STRIDES[$(axis)];
  rest -= coordinate_$(axis) * OUTPUT_STRIDES[$(axis)];
  // Before the first element the difference wraps around to a huge number.
  let distance_$(axis) = coordinate_$(axis) - BEGINS[$(axis)];
  let place_$(axis) = distance_$(axis) / STEPS[$(axis)];
  inside = inside && place_$(axis) < EXTENTS[$(axis)] && distance_$(axis) % STEPS[$(axis)] == 0u;
  inputIndex += place_$(axis) * INPUT_STRIDES[$(axis)];
#end
  if (inside) {
    output[index] = storeOutput(loadInput(input[inputIndex]));
  } else {
    output[index] = storeOutput(Element(FILL));
  }
}
