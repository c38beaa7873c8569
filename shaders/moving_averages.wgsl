// Both moving statistics of a batch normalisation go one step towards those of the batch, where the step counts.
@group(0) @binding(0) var<storage, read> counts: array<u32>;
@group(0) @binding(1) var<storage, read> means: array<f32>;
@group(0) @binding(2) var<storage, read> variances: array<f32>;
@group(0) @binding(3) var<storage, read_write> movingMeans: array<f32>;
@group(0) @binding(4) var<storage, read_write> movingVariances: array<f32>;

#include linear_index

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if ((index >= SIZE) | (counts[0] == 0u)) { return; }
  movingMeans[index] = movingMeans[index] * MOMENTUM + means[index] * ONE_MINUS_MOMENTUM;
  movingVariances[index] = movingVariances[index] * MOMENTUM + variances[index] * ONE_MINUS_MOMENTUM;
}
