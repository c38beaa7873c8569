// Keeps or drops each element by the random bits of its place in the mask, those of core/dropout.ts; kept ones are
// multiplied by 1 / (1 − rate). The gradient is the same kernel over the upstream gradient: no mask is stored.
#include linear_index
#include random

#if !IN_PLACE
var<storage> x: array<f32>;
#endif
var<storage> step: array<u32>;
var<storage> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
#if DENSE
  let place = index;
#else
  // Where a mask has an extent of 1, all elements along that axis share a decision.
  var place = 0u;
  var rest = index;
#unroll axis 0 RANK
  let coordinate_$(axis) = rest / OUTPUT_STRIDES[$(axis)];
  rest -= coordinate_$(axis) * OUTPUT_STRIDES[$(axis)];
  place += coordinate_$(axis) * MASK_STRIDES[$(axis)];
#end
#endif
  let kept = randomBits(deriveKey(STREAM_KEY, step[0]), place) >= THRESHOLD;
#if IN_PLACE
  let value = output[index];
#else
  let value = x[index];
#endif
  output[index] = select(0.0, value * SCALE, kept);
}
