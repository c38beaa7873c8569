// Elements of one tensor to places of another, both walked with strides of their own from a first element on: a slice,
// or one part of a concatenation. Bits are moved, whatever type they stand for, four elements at a time where the
// innermost axis allows it.
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
  var inputIndex = INPUT_FIRST;
  var outputIndex = OUTPUT_FIRST;
#unroll axis 0 RANK
  let coordinate_$(axis) = rest / POSITION_STRIDES[$(axis)];
  rest -= coordinate_$(axis) * POSITION_STRIDES[$(axis)];
  inputIndex += coordinate_$(axis) * INPUT_STRIDES[$(axis)];
  outputIndex += coordinate_$(axis) * OUTPUT_STRIDES[$(axis)];
#end
  output[outputIndex] = storeOutput(loadInput(input[inputIndex]));
}
