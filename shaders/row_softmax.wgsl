// What softmax and the losses built on it need to know of one row of `logits` [ROWS, COLUMNS]. A row belongs to LANES
// neighbouring threads; each looks at every LANES-th column.
#include row_reduce
#include not_finite

var<storage> logits: array<f32>;

struct RowSoftmax {
  // The largest logit, taken out of every exponent so that large logits do not overflow.
  largest: f32,
  // Column of the first maximum.
  argmax: u32,
  // Σ exp(logit − largest), at least 1; NaN where the largest is no finite number.
  total: f32,
}

fn logTotalOf(softmax: RowSoftmax) -> f32 {
  return nanIf(isNan(softmax.total), log(softmax.total));
}

fn rowArgmax(row: u32, lane: u32, thread: u32) -> Place {
  var best = Place(floatOf(MINUS_INFINITY_BITS), COLUMNS);
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) {
      best = firstOf(best, Place(logits[row * COLUMNS + column], column));
    }
  }
  return rowFirstMax(thread, best);
}

fn rowSoftmax(row: u32, lane: u32, thread: u32) -> RowSoftmax {
  let first = rowArgmax(row, lane, thread);
  var total = 0.0;
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) { total += exp(logits[row * COLUMNS + column] - first.value); }
  }
  let sum = rowSum(thread, total);
  return RowSoftmax(first.value, first.index, nanIf(notFinite(bitcast<u32>(first.value)), sum));
}
