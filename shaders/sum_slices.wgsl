// output = Σ over slices of partials[slice · SLICE_STRIDE + element], added in the order of the slices.
#include linear_index

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> partials: array<Element>;
var<storage> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
  var total = partials[index];
  for (var slice = 1u; slice < SLICES; slice++) {
    total += partials[slice * SLICE_STRIDE + index];
  }
  output[index] = total;
}
