// What gradients are multiplied with, so that no group's norm exceeds LIMIT: LIMIT / max(norm, LIMIT), written for each
// of the group's blocks. A workgroup a group; its blocks' squares are added in a fixed order.
var<storage> squares: array<f32>;
// First block of each group, and how many there are.
var<storage> groups: array<vec2u>;
var<storage> factors: array<f32>;

#include workgroup_sum

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let blocks = groups[workgroup.x];
  var sum = 0.0;
  for (var block = thread; block < blocks.y; block += THREADS) { sum += squares[blocks.x + block]; }
  let norm = sqrt(workgroupSum(thread, sum));
  for (var block = thread; block < blocks.y; block += THREADS) {
    factors[blocks.x + block] = LIMIT / max(norm, LIMIT);
  }
}
