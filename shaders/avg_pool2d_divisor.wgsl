// How many places a window's mean divides by: those of its taps that lie within the rows and columns that count, which
// are the image's, or the padding's too. All are counted from the padded edge.
fn divisor(outRow: u32, outColumn: u32) -> f32 {
  var rows = 0u;
  for (var tap = 0u; tap < KERNEL_HEIGHT; tap++) {
    let row = outRow * STRIDE_HEIGHT + tap * DILATION_HEIGHT;
    rows += u32(row >= FROM_ROW && row < TO_ROW);
  }
  var columns = 0u;
  for (var tap = 0u; tap < KERNEL_WIDTH; tap++) {
    let column = outColumn * STRIDE_WIDTH + tap * DILATION_WIDTH;
    columns += u32(column >= FROM_COLUMN && column < TO_COLUMN);
  }
  return f32(rows * columns);
}
