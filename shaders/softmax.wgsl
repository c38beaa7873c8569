// softmax, or its logarithm, over the last axis.
#include linear_index
#include row_softmax

var<storage> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  let lane = index % LANES;
  // Threads beyond the last row repeat it up to the barriers, and write nothing.
  let row = min(index / LANES, ROWS - 1u);
  let softmax = rowSoftmax(row, lane, thread);
  if (index / LANES >= ROWS) { return; }
  let logTotal = logTotalOf(softmax);
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) {
      let place = row * COLUMNS + column;
      let shifted = logits[place] - softmax.largest;
#if LOGARITHM
      output[place] = shifted - logTotal;
#else
      output[place] = exp(shifted) / softmax.total;
#endif
    }
  }
}
