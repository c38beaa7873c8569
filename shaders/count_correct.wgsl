// [rows whose first maximum is the label, rows with a label ≥ 0]. One workgroup; a row belongs to LANES threads, the
// workgroup walks over the rows THREADS / LANES at a time.
#include row_softmax
#include workgroup_sum

var<storage> labels: array<i32>;
var<storage> counts: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  let lane = thread % LANES;
  var correctPart = 0.0;
  var labelledPart = 0.0;
  for (var turn = 0u; turn < TURNS; turn++) {
    let ownRow = turn * (THREADS / LANES) + thread / LANES;
    let row = min(ownRow, ROWS - 1u);
    let first = rowArgmax(row, lane, thread);
    if (ownRow < ROWS && lane == 0u) {
      labelledPart += select(0.0, 1.0, labels[row] >= 0);
      correctPart += select(0.0, 1.0, labels[row] == i32(first.index));
    }
  }
  let correct = workgroupSum(thread, correctPart);
  let labelled = workgroupSum(thread, labelledPart);
  if (thread == 0u) {
    counts[0] = correct;
    counts[1] = labelled;
  }
}
