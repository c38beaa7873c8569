// Both moving statistics of a batch normalisation go one step towards those of the batch, where the step counts.
var<storage> counts: array<u32>;
var<storage> means: array<f32>;
var<storage> variances: array<f32>;
var<storage> movingMeans: array<f32>;
var<storage> movingVariances: array<f32>;

#include linear_index

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if ((index >= SIZE) | (counts[0] == 0u)) { return; }
  movingMeans[index] = movingMeans[index] * MOMENTUM + means[index] * ONE_MINUS_MOMENTUM;
  movingVariances[index] = movingVariances[index] * MOMENTUM + variances[index] * ONE_MINUS_MOMENTUM;
}
