// d loss / d input of a max-pool, NHWC. A thread owns one place of the input in one channel (or four side by side), looks
// at every window that covers it, and takes the window's gradient where its value is the window's first maximum: above
// all taps before it, and not below any after it. Nothing is scattered, so that sums have a fixed order.
#include linear_index

#if VECTOR
alias Element = vec4f;
alias Flags = vec4<bool>;
#else
alias Element = f32;
alias Flags = bool;
#endif

@group(0) @binding(0) var<storage, read> input: array<Element>;
@group(0) @binding(1) var<storage, read> upstream: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * IN_HEIGHT * IN_WIDTH * CHANNELS) { return; }
  // CHANNELS counts vectors where the channels are read four at a time.
  let channel = index % CHANNELS;
  let inColumn = (index / CHANNELS) % IN_WIDTH;
  let inRow = (index / (CHANNELS * IN_WIDTH)) % IN_HEIGHT;
  let image = index / (CHANNELS * IN_WIDTH * IN_HEIGHT);
  let own = input[index];

  var gradient = Element(0.0);
  for (var tapRow = 0u; tapRow < KERNEL_HEIGHT; tapRow++) {
    // The window in which this place is tap (tapRow, tapColumn) starts here, counted from the padded edge; a start
    // before that edge wraps around to a huge number, beyond the last window.
    let startRow = inRow + PAD_TOP - tapRow * DILATION_HEIGHT;
    let outRow = startRow / STRIDE_HEIGHT;
    if (startRow % STRIDE_HEIGHT != 0u || outRow >= OUT_HEIGHT) { continue; }
    for (var tapColumn = 0u; tapColumn < KERNEL_WIDTH; tapColumn++) {
      let startColumn = inColumn + PAD_LEFT - tapColumn * DILATION_WIDTH;
      let outColumn = startColumn / STRIDE_WIDTH;
      if (startColumn % STRIDE_WIDTH != 0u || outColumn >= OUT_WIDTH) { continue; }

      var wins = Flags(true);
      for (var otherRow = 0u; otherRow < KERNEL_HEIGHT; otherRow++) {
        let row = startRow + otherRow * DILATION_HEIGHT - PAD_TOP;
        for (var otherColumn = 0u; otherColumn < KERNEL_WIDTH; otherColumn++) {
          let column = startColumn + otherColumn * DILATION_WIDTH - PAD_LEFT;
          if (row < IN_HEIGHT && column < IN_WIDTH) {
            let other = input[((image * IN_HEIGHT + row) * IN_WIDTH + column) * CHANNELS + channel];
            let before = otherRow < tapRow || (otherRow == tapRow && otherColumn < tapColumn);
            wins = wins & select(own >= other, own > other, Flags(before));
          }
        }
      }
      let arriving = upstream[((image * OUT_HEIGHT + outRow) * OUT_WIDTH + outColumn) * CHANNELS + channel];
      gradient += select(Element(0.0), arriving, wins);
    }
  }
  output[index] = gradient;
}
