// The largest value of each window, NHWC. A thread owns one place of the output in one channel, or four channels side
// by side. Padding counts as −∞: taps outside the image are skipped.
#include linear_index

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

@group(0) @binding(0) var<storage, read> input: array<Element>;
@group(0) @binding(1) var<storage, read_write> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * OUT_HEIGHT * OUT_WIDTH * CHANNELS) { return; }
  // CHANNELS counts vectors where the channels are read four at a time.
  let channel = index % CHANNELS;
  let outColumn = (index / CHANNELS) % OUT_WIDTH;
  let outRow = (index / (CHANNELS * OUT_WIDTH)) % OUT_HEIGHT;
  let image = index / (CHANNELS * OUT_WIDTH * OUT_HEIGHT);

  var largest = Element(-3.4028234e38);
  for (var tapRow = 0u; tapRow < KERNEL_HEIGHT; tapRow++) {
    // Above the image this wraps around to a huge number, so that one comparison tells both edges.
    let inRow = outRow * STRIDE_HEIGHT + tapRow * DILATION_HEIGHT - PAD_TOP;
    for (var tapColumn = 0u; tapColumn < KERNEL_WIDTH; tapColumn++) {
      let inColumn = outColumn * STRIDE_WIDTH + tapColumn * DILATION_WIDTH - PAD_LEFT;
      if (inRow < IN_HEIGHT && inColumn < IN_WIDTH) {
        largest = max(largest, input[((image * IN_HEIGHT + inRow) * IN_WIDTH + inColumn) * CHANNELS + channel]);
      }
    }
  }
  output[index] = largest;
}
