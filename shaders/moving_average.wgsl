// output = old · MOMENTUM + value · (1 − MOMENTUM), element by element.
#include linear_index

var<storage> old: array<f32>;
var<storage> value: array<f32>;
var<storage> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
  output[index] = old[index] * MOMENTUM + value[index] * ONE_MINUS_MOMENTUM;
}
