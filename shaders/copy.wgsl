// Elements of one tensor to another, as bits, whatever type they stand for.
#include linear_index
#include half

#if VECTOR
alias Element = vec4u;
#else
alias Element = u32;
#endif

// HALF_X: x holds floats, stored as 16-bit ones, four to a vec2u.
#if HALF_X
var<storage> x: array<vec2u>;
#else
var<storage> x: array<Element>;
#endif
var<storage> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
#if HALF_X
  output[index] = bitcast<vec4u>(unpackHalves(x[index]));
#else
  output[index] = x[index];
#endif
}
