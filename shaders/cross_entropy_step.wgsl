// All that a training step wants of its logits, in one dispatch of one workgroup: the mean cross-entropy, its gradient
// (for an upstream of 1), [correct rows, rows with a label], and with COLUMN_SUMS the gradient's sum over the rows, which
// is the gradient of a bias. A row belongs to LANES threads; the workgroup walks over the rows THREADS / LANES at a time.
// A negative label leaves its row out of everything.
#include row_softmax
#include workgroup_sum

var<storage> labels: array<i32>;
var<storage> loss: array<f32>;
var<storage> logitsGradient: array<f32>;
var<storage> counts: array<f32>;
#if COLUMN_SUMS
var<storage> columnSums: array<f32>;
#endif
#if SCALED
// Multiplies the gradient, not the loss.
var<storage> lossScale: array<f32>;
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var labelled = 0.0;
  for (var step = 0u; step < LABEL_STEPS; step++) {
    let row = step * THREADS + thread;
    if (row < ROWS) { labelled += select(0.0, 1.0, labels[row] >= 0); }
  }
  let rows = workgroupSum(thread, labelled);
  let scale = 1.0 / max(rows, 1.0);
#if SCALED
  let gradientScale = scale * lossScale[0];
#else
  let gradientScale = scale;
#endif

  let lane = thread % LANES;
  var lossPart = 0.0;
  var correctPart = 0.0;
  for (var turn = 0u; turn < TURNS; turn++) {
    let ownRow = turn * (THREADS / LANES) + thread / LANES;
    // Threads beyond the last row repeat it up to the barriers, and write nothing.
    let row = min(ownRow, ROWS - 1u);
    let softmax = rowSoftmax(row, lane, thread);
    if (ownRow < ROWS) {
      let label = labels[row];
      for (var step = 0u; step < STEPS; step++) {
        let column = step * LANES + lane;
        if (column < COLUMNS) {
          let place = row * COLUMNS + column;
          let probability = exp(logits[place] - softmax.largest) / softmax.total;
          let expected = select(0.0, 1.0, i32(column) == label);
          logitsGradient[place] = select(0.0, (probability - expected) * gradientScale, label >= 0);
        }
      }
      if (lane == 0u && label >= 0) {
        lossPart += logTotalOf(softmax) - (logits[row * COLUMNS + u32(label)] - softmax.largest);
        correctPart += select(0.0, 1.0, i32(softmax.argmax) == label);
      }
    }
  }
  let lossTotal = workgroupSum(thread, lossPart);
  let correct = workgroupSum(thread, correctPart);
  if (thread == 0u) {
    loss[0] = lossTotal * scale;
    counts[0] = correct;
    counts[1] = rows;
  }
#if COLUMN_SUMS
  // The workgroup has written all of the gradient itself, so its own barrier is enough to read it.
  storageBarrier();
  for (var column = thread; column < COLUMNS; column += THREADS) {
    var sum = 0.0;
    for (var row = 0u; row < ROWS; row++) { sum += logitsGradient[row * COLUMNS + column]; }
    columnSums[column] = sum;
  }
#endif
}
