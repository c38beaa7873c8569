// Adds normal noise from the random bits of each element's place, as core/gaussian_noise.ts does. A thread makes one
// element, or four.
#include linear_index
#include random
#include normal_quantile
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

// The noise of the element at a place.
fn noise(key: u32, place: u32) -> f32 {
  return STDDEV * normalQuantile((f32(randomBits(key, place) >> 9u) + 0.5) * 0x1p-23);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SIZE) { return; }
  let key = deriveKey(STREAM_KEY, step[0]);
#if VECTOR
  let added = vec4f(noise(key, 4u * index), noise(key, 4u * index + 1u), noise(key, 4u * index + 2u), noise(key, 4u * index + 3u));
#else
  let added = noise(key, index);
#endif
#if IN_PLACE
  let value = loadOutput(output[index]);
#else
  let value = loadX(x[index]);
#endif
  output[index] = storeOutput(value + added);
}
