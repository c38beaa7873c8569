// d loss / d input of a max-pool, NHWC. A thread owns one place of the input in one channel (or four side by side), looks
// at every window that covers it, and takes the window's gradient where its value is the window's first maximum: above (as NaN is)
// all taps before it, and not below any after it. Nothing is scattered, so that sums have a fixed order.
#include linear_index
#include half
#include element_nan

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> input: array<StoredInput>;
var<storage> upstream: array<StoredUpstream>;
var<storage> output: array<StoredOutput>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor input
#include stored_tensor upstream
#include stored_tensor output

// Whether the place keeps its chance against another tap of its window: equal values lose to an earlier tap.
fn beats(
  own: Element, image: u32, channel: u32, startRow: u32, startColumn: u32,
  otherRow: u32, otherColumn: u32, tapRow: u32, tapColumn: u32,
) -> ElementFlags {
  let row = startRow + otherRow * DILATION_HEIGHT - PAD_TOP;
  let column = startColumn + otherColumn * DILATION_WIDTH - PAD_LEFT;
  let outside = row >= IN_HEIGHT || column >= IN_WIDTH;
  let other = loadInput(input[((image * IN_HEIGHT + row) * IN_WIDTH + column) * CHANNELS + channel]);
  let before = otherRow < tapRow || (otherRow == tapRow && otherColumn < tapColumn);
  let ownIsNan = elementIsNan(own);
  let otherIsNan = elementIsNan(other);
  let above = (ownIsNan & !otherIsNan) | (!ownIsNan & !otherIsNan & (own > other));
  let equal = (ownIsNan & otherIsNan) | (!ownIsNan & !otherIsNan & (own == other));
  return above | (equal & ElementFlags(!before)) | ElementFlags(outside);
}

// What one window sends to the place that is its tap (tapRow, tapColumn). The window starts at (startRow, startColumn),
// counted from the padded edge. Beside the image numbers wrap around to huge ones, which one comparison turns away.
fn gradientFromWindow(image: u32, channel: u32, own: Element, startRow: u32, startColumn: u32, tapRow: u32, tapColumn: u32) -> Element {
  let outRow = startRow / STRIDE_HEIGHT;
  let outColumn = startColumn / STRIDE_WIDTH;
  if (outRow >= OUT_HEIGHT || outColumn >= OUT_WIDTH) { return Element(0.0); }
  var wins = ElementFlags(true);
  // Loops cost a software adapter more than what is in them.
#if KERNEL_HEIGHT * KERNEL_WIDTH <= 16
#unroll otherRow 0 KERNEL_HEIGHT
#unroll otherColumn 0 KERNEL_WIDTH
  wins = wins & beats(own, image, channel, startRow, startColumn, $(otherRow)u, $(otherColumn)u, tapRow, tapColumn);
#end
#end
#else
  for (var otherRow = 0u; otherRow < KERNEL_HEIGHT; otherRow++) {
    for (var otherColumn = 0u; otherColumn < KERNEL_WIDTH; otherColumn++) {
      wins = wins & beats(own, image, channel, startRow, startColumn, otherRow, otherColumn, tapRow, tapColumn);
    }
  }
#endif
  let arriving = loadUpstream(upstream[((image * OUT_HEIGHT + outRow) * OUT_WIDTH + outColumn) * CHANNELS + channel]);
  return select(Element(0.0), arriving, wins);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * IN_HEIGHT * IN_WIDTH * CHANNELS) { return; }
  // CHANNELS counts vectors where the channels are read four at a time.
  let channel = index % CHANNELS;
  let inColumn = (index / CHANNELS) % IN_WIDTH;
  let inRow = (index / (CHANNELS * IN_WIDTH)) % IN_HEIGHT;
  let image = index / (CHANNELS * IN_WIDTH * IN_HEIGHT);
  let own = loadInput(input[index]);

#if DISJOINT
  // Windows do not overlap: at most one covers this place.
  let tapRow = (inRow + PAD_TOP) % STRIDE_HEIGHT;
  let tapColumn = (inColumn + PAD_LEFT) % STRIDE_WIDTH;
  var gradient = Element(0.0);
  if (tapRow < KERNEL_HEIGHT && tapColumn < KERNEL_WIDTH) {
    let startRow = inRow + PAD_TOP - tapRow;
    let startColumn = inColumn + PAD_LEFT - tapColumn;
    gradient = gradientFromWindow(image, channel, own, startRow, startColumn, tapRow, tapColumn);
  }
#else
  var gradient = Element(0.0);
  for (var tapRow = 0u; tapRow < KERNEL_HEIGHT; tapRow++) {
    // The window in which this place is tap (tapRow, tapColumn), if a window starts there.
    let startRow = inRow + PAD_TOP - tapRow * DILATION_HEIGHT;
    if (startRow % STRIDE_HEIGHT != 0u) { continue; }
    for (var tapColumn = 0u; tapColumn < KERNEL_WIDTH; tapColumn++) {
      let startColumn = inColumn + PAD_LEFT - tapColumn * DILATION_WIDTH;
      if (startColumn % STRIDE_WIDTH != 0u) { continue; }
      gradient += gradientFromWindow(image, channel, own, startRow, startColumn, tapRow, tapColumn);
    }
  }
#endif
  output[index] = storeOutput(gradient);
}
