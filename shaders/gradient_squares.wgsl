// Σ g² of every block of 64 arena elements: 16 threads a block, four elements each, added in the order of the elements.
var<storage> squares: array<f32>;

#include linear_index
#include gradient_sum

var<workgroup> ofThread: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let vector = linearIndex(globalId, workgroupCount, THREADS);
  if (vector < ARENA_VECTORS) {
    let gradient = gradientSum(blockOf(vector), vector);
    ofThread[thread] = dot(gradient, gradient);
  }
  workgroupBarrier();
  if ((vector < ARENA_VECTORS) & (thread % 16u == 0u)) {
    var sum = 0.0;
    for (var other = 0u; other < 16u; other++) { sum += ofThread[thread + other]; }
    squares[vector / 16u] = sum;
  }
}
