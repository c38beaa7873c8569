// Counts [CLASSES, CLASSES]: row = label, column = prediction. A thread owns a cell and looks through the whole batch:
// no atomics, and the batch is short. A negative label matches no cell.
#include linear_index

var<storage> labels: array<i32>;
var<storage> predictions: array<i32>;
var<storage> counts: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let cell = linearIndex(globalId, workgroupCount, THREADS);
  if (cell >= CLASSES * CLASSES) { return; }
  let label = i32(cell / CLASSES);
  let prediction = i32(cell % CLASSES);
  var count = 0.0;
  for (var row = 0u; row < BATCH; row++) {
    count += select(0.0, 1.0, labels[row] == label && predictions[row] == prediction);
  }
  counts[cell] = count;
}
