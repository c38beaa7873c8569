// Axes in another order. A thread writes one element, or four where the innermost axis stays innermost, so that writes
// are always side by side. Bits are moved, whatever type they stand for.
#include linear_index

#if VECTOR
alias Element = vec4u;
#else
alias Element = u32;
#endif

var<storage> input: array<Element>;
var<storage> output: array<Element>;

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
  output[index] = input[inputIndex];
}
