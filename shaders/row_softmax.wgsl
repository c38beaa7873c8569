// What softmax and the losses built on it need to know of one row of `logits` [ROWS, COLUMNS]. A row belongs to LANES
// neighbouring threads; each looks at every LANES-th column.
#include row_reduce

@group(0) @binding(0) var<storage, read> logits: array<f32>;

struct RowSoftmax {
  // The largest logit, taken out of every exponent so that large logits do not overflow.
  largest: f32,
  // Column of the first maximum.
  argmax: u32,
  // Σ exp(logit − largest), at least 1.
  total: f32,
}

fn rowArgmax(row: u32, lane: u32, thread: u32) -> Place {
  var best = Place(-3.4028234e38, COLUMNS);
  for (var step = 0u; step < STEPS; step++) {
    let column = step * LANES + lane;
    if (column < COLUMNS) {
      let value = logits[row * COLUMNS + column];
      if (value > best.value || best.index == COLUMNS) { best = Place(value, column); }
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
  return RowSoftmax(first.value, first.index, rowSum(thread, total));
}
