// The sum of the rows' losses, over DIVISOR, or over the number of rows that have a label (with COUNT_LABELS). One
// workgroup; each thread takes every THREADS-th row.
#include workgroup_sum

var<storage> rowLosses: array<f32>;
#if COUNT_LABELS
var<storage> labels: array<i32>;
#endif
var<storage> loss: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var part = 0.0;
  var counted = 0.0;
  for (var step = 0u; step < ROW_STEPS; step++) {
    let row = step * THREADS + thread;
    if (row < ROWS) {
      part += rowLosses[row];
#if COUNT_LABELS
      counted += select(0.0, 1.0, labels[row] >= 0);
#endif
    }
  }
  let total = workgroupSum(thread, part);
#if COUNT_LABELS
  // No row with a label: the loss is 0.
  let divisor = max(workgroupSum(thread, counted), 1.0);
#else
  let divisor = DIVISOR;
#endif
  if (thread == 0u) { loss[0] = total / divisor; }
}
