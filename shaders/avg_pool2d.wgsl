// The mean of each window, NHWC. A thread owns one place of the output in one channel, or four channels side by side.
#include linear_index
#include half
#include avg_pool2d_divisor

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> input: array<StoredInput>;
var<storage> output: array<StoredOutput>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor input
#include stored_tensor output

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * OUT_HEIGHT * OUT_WIDTH * CHANNELS) { return; }
  // CHANNELS counts vectors where the channels are read four at a time.
  let channel = index % CHANNELS;
  let outColumn = (index / CHANNELS) % OUT_WIDTH;
  let outRow = (index / (CHANNELS * OUT_WIDTH)) % OUT_HEIGHT;
  let image = index / (CHANNELS * OUT_WIDTH * OUT_HEIGHT);

  var sum = Element(0.0);
  for (var tapRow = 0u; tapRow < KERNEL_HEIGHT; tapRow++) {
    // Above and left of the image the numbers wrap around to huge ones.
    let row = outRow * STRIDE_HEIGHT + tapRow * DILATION_HEIGHT - PAD_TOP;
    if (row >= IN_HEIGHT) { continue; }
    for (var tapColumn = 0u; tapColumn < KERNEL_WIDTH; tapColumn++) {
      let column = outColumn * STRIDE_WIDTH + tapColumn * DILATION_WIDTH - PAD_LEFT;
      if (column >= IN_WIDTH) { continue; }
      sum += loadInput(input[((image * IN_HEIGHT + row) * IN_WIDTH + column) * CHANNELS + channel]);
    }
  }
  output[index] = storeOutput(sum / divisor(outRow, outColumn));
}
