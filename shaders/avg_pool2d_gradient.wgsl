// d loss / d input of an average pool, NHWC. A thread owns one place of the input in one channel (or four side by side)
// and adds up its share of every window that covers it. Nothing is scattered, so that sums have a fixed order.
#include linear_index
#include half
#include avg_pool2d_divisor

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> upstream: array<StoredUpstream>;
var<storage> output: array<StoredOutput>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor upstream
#include stored_tensor output

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * IN_HEIGHT * IN_WIDTH * CHANNELS) { return; }
  // CHANNELS counts vectors where the channels are read four at a time.
  let channel = index % CHANNELS;
  let inColumn = (index / CHANNELS) % IN_WIDTH;
  let inRow = (index / (CHANNELS * IN_WIDTH)) % IN_HEIGHT;
  let image = index / (CHANNELS * IN_WIDTH * IN_HEIGHT);

  var gradient = Element(0.0);
  for (var tapRow = 0u; tapRow < KERNEL_HEIGHT; tapRow++) {
    // The window in which this place is tap (tapRow, tapColumn), if a window starts there. Windows that would start
    // before the padded edge wrap around to huge numbers.
    let startRow = inRow + PAD_TOP - tapRow * DILATION_HEIGHT;
    let outRow = startRow / STRIDE_HEIGHT;
    if (startRow % STRIDE_HEIGHT != 0u || outRow >= OUT_HEIGHT) { continue; }
    for (var tapColumn = 0u; tapColumn < KERNEL_WIDTH; tapColumn++) {
      let startColumn = inColumn + PAD_LEFT - tapColumn * DILATION_WIDTH;
      let outColumn = startColumn / STRIDE_WIDTH;
      if (startColumn % STRIDE_WIDTH != 0u || outColumn >= OUT_WIDTH) { continue; }
      let arriving = loadUpstream(upstream[((image * OUT_HEIGHT + outRow) * OUT_WIDTH + outColumn) * CHANNELS + channel]);
      gradient += arriving / divisor(outRow, outColumn);
    }
  }
  output[index] = storeOutput(gradient);
}
