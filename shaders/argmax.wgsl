// Index of the first maximum along the last axis.
#include linear_index
#include row_softmax

var<storage> output: array<i32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  let lane = index % LANES;
  let row = min(index / LANES, ROWS - 1u);
  let first = rowArgmax(row, lane, thread);
  if (index / LANES < ROWS && lane == 0u) { output[row] = i32(first.index); }
}
