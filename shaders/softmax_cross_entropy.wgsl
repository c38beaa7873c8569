// Cross-entropy of softmax(logits) against labels, one value a row. Labels are class indices (negative: the row is left
// out and its loss is 0) or, with DENSE_LABELS, a probability for each class.
#include linear_index
#include row_softmax

#if DENSE_LABELS
var<storage> labels: array<f32>;
#else
var<storage> labels: array<i32>;
#endif
var<storage> rowLosses: array<f32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  let lane = index % LANES;
  let row = min(index / LANES, ROWS - 1u);
  let softmax = rowSoftmax(row, lane, thread);
  let logTotal = logTotalOf(softmax);
#if DENSE_LABELS
  var part = 0.0;
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) {
      let place = row * COLUMNS + column;
      // An impossible class that is not wanted costs nothing.
      let loss = labels[place] * (logTotal - (logits[place] - softmax.largest));
      part += select(loss, 0.0, labels[place] == 0.0);
    }
  }
  let loss = rowSum(thread, part);
#else
  let label = labels[row];
  let logit = logits[row * COLUMNS + u32(max(label, 0))];
  let loss = select(0.0, logTotal - (logit - softmax.largest), label >= 0);
#endif
  if (index / LANES < ROWS && lane == 0u) { rowLosses[row] = loss; }
}
