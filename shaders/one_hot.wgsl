// 1.0 at the place that each number names, 0.0 elsewhere; one element a thread.
#include linear_index

var<storage> indices: array<i32>;
var<storage> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= ROWS * DEPTH) { return; }
  output[index] = select(0.0, 1.0, indices[index / DEPTH] == i32(index % DEPTH));
}
