// Axes in another order. A thread writes one element, or four where the innermost axis stays innermost, so that writes
// are always side by side. Bits are moved, whatever type they stand for.
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
#unroll axis 0 RANK
  let coordinate_$(axis) = rest / OUTPUT_STRIDES[$(axis)];
  rest -= coordinate_$(axis) * OUTPUT_STRIDES[$(axis)];
  inputIndex += coordinate_$(axis) * INPUT_STRIDES[$(axis)];
#end
  output[index] = storeOutput(loadInput(input[inputIndex]));
}
