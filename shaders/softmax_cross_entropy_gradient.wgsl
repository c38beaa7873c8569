// d loss / d logits = (softmax(logits) · Σ labels − labels) · upstream, the sum over the row's labels, which is 1 for
// class indices; divided for the mean by the number of rows that count.
#include linear_index
#include row_softmax
#include workgroup_sum

#if DENSE_LABELS
var<storage> labels: array<f32>;
#else
var<storage> labels: array<i32>;
#endif
// One value, or one a row with UPSTREAM_PER_ROW.
var<storage> upstream: array<f32>;
var<storage> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  let lane = index % LANES;
  let row = min(index / LANES, ROWS - 1u);
#if COUNT_LABELS
  // Every workgroup counts the labels for itself: that is cheaper than a dispatch before this one.
  var counted = 0.0;
  for (var step = 0u; step < ROW_STEPS; step++) {
    let labelRow = step * THREADS + thread;
    if (labelRow < ROWS) { counted += select(0.0, 1.0, labels[labelRow] >= 0); }
  }
  let divisor = max(workgroupSum(thread, counted), 1.0);
#else
  let divisor = DIVISOR;
#endif
  let softmax = rowSoftmax(row, lane, thread);
#if DENSE_LABELS
  var labelPart = 0.0;
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) { labelPart += labels[row * COLUMNS + column]; }
  }
  let labelTotal = rowSum(thread, labelPart);
#endif
  if (index / LANES >= ROWS) { return; }
#if UPSTREAM_PER_ROW
  let scale = upstream[row] / divisor;
#else
  let scale = upstream[0] / divisor;
#endif
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) {
      let place = row * COLUMNS + column;
      let probability = exp(logits[place] - softmax.largest) / softmax.total;
#if DENSE_LABELS
      output[place] = (labelTotal * probability - labels[place]) * scale;
#else
      let label = labels[row];
      let expected = select(0.0, 1.0, i32(column) == label);
      output[place] = select(0.0, (probability - expected) * scale, label >= 0);
#endif
    }
  }
}
