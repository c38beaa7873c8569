// Moves Adafactor's second moments by one step (Shazeer and Stern 2018, algorithm 4). An entry is the mean square of a
// row or of a column of a gradient's matrices, or the square of one element of a vector; LANES threads share it.
// First for the rows, which also leave the gradient as the columns want it; then for the columns, and the rows' means.
// Gradients, summed up, clipped and decayed, in the arena's order.
var<storage> treated: array<f32>;
#if !ROWS
// The mean of each matrix' row moments.
var<storage> means: array<f32>;
#endif
// Updates finished before this one; in mixed precision followed by 0 where this step is skipped.
var<storage> finishedSteps: array<u32>;
// First element, how many, from one to the next, and which moment or mean they make.
var<storage> entries: array<vec4u>;
var<storage> moments: array<f32>;
#if ROWS && CLIP_FACTORS
// A factor for each block's gradient (clip_factors.wgsl).
var<storage> gradientFactors: array<f32>;
#endif
#if ROWS && L2_DECAY
var<storage> parameters: array<f32>;
#endif

#include linear_index
#include row_reduce
#if ROWS
#include gradient_sum

// The gradient of one element of the arena.
fn treatedGradient(element: u32) -> f32 {
  var gradient = gradientSum(blockOf(element / 4u), element / 4u)[element % 4u];
#if CLIP_FACTORS
  gradient *= gradientFactors[element / 64u];
#endif
#if CLIP_VALUE
  gradient = clamp(gradient, -LIMIT, LIMIT);
#endif
#if L2_DECAY
  gradient += WEIGHT_DECAY * parameters[element];
#endif
  return gradient;
}
#endif

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
#if SKIPPABLE
  if (finishedSteps[1] == 0u) { return; }
#endif
  let index = linearIndex(globalId, workgroupCount, THREADS) / LANES;
  let entry = entries[min(index, ENTRIES - 1u)];
  let lane = thread % LANES;
  // The others only keep the barriers company.
  let count = select(0u, entry.y, index < ENTRIES);
#if ROWS
  var sum = 0.0;
  for (var place = lane; place < count; place += LANES) {
    let element = entry.x + place * entry.z;
    let gradient = treatedGradient(element);
    treated[element] = gradient;
    sum += gradient * gradient;
  }
#else
  let ofRows = index >= FIRST_MEAN;
  var sum = 0.0;
  for (var place = lane; place < count; place += LANES) {
    let element = entry.x + place * entry.z;
    if (ofRows) {
      sum += moments[element];
    } else {
      sum += treated[element] * treated[element];
    }
  }
#endif
  let mean = rowSum(thread, sum) / f32(entry.y);
  if ((lane != 0u) | (index >= ENTRIES)) { return; }
#if !ROWS
  if (ofRows) {
    means[entry.w] = mean;
    return;
  }
#endif
  // 1 − β₂ = t^beta2Decay, which is 1 at the first step.
  let share = select(pow(f32(finishedSteps[0] + 1u), BETA2_DECAY), 1.0, finishedSteps[0] == 0u);
  moments[entry.w] = (1.0 - share) * moments[entry.w] + share * (mean + EPSILON1);
}
