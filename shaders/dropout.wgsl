// Keeps or drops each element by the random bits of its place in the mask, those of core/dropout.ts; kept ones are
// multiplied by 1 / (1 − rate). The gradient is the same kernel over the upstream gradient: no mask is stored. A thread makes
// one element, or four.
#include linear_index
#include random
#include half

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor x
#include stored_tensor output

#if !IN_PLACE
var<storage> x: array<StoredX>;
#endif
var<storage> step: array<u32>;
var<storage> output: array<StoredOutput>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
  // The place of the thread's first element.
#if DENSE
  let place = index * $(1 + 3 * VECTOR)u;
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
  let key = deriveKey(STREAM_KEY, step[0]);
#if VECTOR
  let kept = vec4<bool>(
#unroll lane 0 4
    randomBits(key, place + $(lane)u * LANE_STRIDE) >= THRESHOLD,
#end
  );
#else
  let kept = randomBits(key, place) >= THRESHOLD;
#endif
#if IN_PLACE
  let value = loadOutput(output[index]);
#else
  let value = loadX(x[index]);
#endif
  output[index] = storeOutput(select(Element(0.0), value * SCALE, kept));
}
