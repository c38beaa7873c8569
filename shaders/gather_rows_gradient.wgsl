// Gradient of gatherRows with respect to its table: a thread owns one element, or four, of the table and adds up what
// arrives at the copies of its row, in the order of the batch. Nothing is scattered, so that sums have a fixed order.
#include linear_index

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> rows: array<i32>;
var<storage> upstream: array<Element>;
var<storage> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= TABLE_ROWS * ROW_SIZE) { return; }
  let row = i32(index / ROW_SIZE);
  let column = index % ROW_SIZE;
  var sum = Element(0.0);
  for (var image = 0u; image < BATCH; image++) {
    if (rows[image] == row) { sum += upstream[image * ROW_SIZE + column]; }
  }
  output[index] = SCALE * sum;
}
