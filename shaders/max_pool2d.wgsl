// The largest value of each window, NHWC. A thread owns one place of the output in one channel, or four channels side
// by side. Padding counts as −∞: taps outside the image are skipped.
#include linear_index
#include half
#include element_nan

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

// The value at a place counted from the padded edge. Above and left of the image the numbers wrap around to huge ones,
// so that one comparison an axis tells both edges.
fn tap(image: u32, channel: u32, paddedRow: u32, paddedColumn: u32) -> Element {
  let row = paddedRow - PAD_TOP;
  let column = paddedColumn - PAD_LEFT;
  let value = loadInput(input[((image * IN_HEIGHT + row) * IN_WIDTH + column) * CHANNELS + channel]);
  return select(Element(floatOf(MINUS_INFINITY_BITS)), value, row < IN_HEIGHT && column < IN_WIDTH);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * OUT_HEIGHT * OUT_WIDTH * CHANNELS) { return; }
  // CHANNELS counts vectors where the channels are read four at a time.
  let channel = index % CHANNELS;
  let outColumn = (index / CHANNELS) % OUT_WIDTH;
  let outRow = (index / (CHANNELS * OUT_WIDTH)) % OUT_HEIGHT;
  let image = index / (CHANNELS * OUT_WIDTH * OUT_HEIGHT);

  // Counted from the padded edge.
  let startRow = outRow * STRIDE_HEIGHT;
  let startColumn = outColumn * STRIDE_WIDTH;
  var largest = Element(floatOf(MINUS_INFINITY_BITS));
  var nan = ElementFlags(false);
  // Loops cost a software adapter more than what is in them.
#if KERNEL_HEIGHT * KERNEL_WIDTH <= 16
#unroll tapRow 0 KERNEL_HEIGHT
#unroll tapColumn 0 KERNEL_WIDTH
  let tap_$(tapRow)_$(tapColumn) = tap(image, channel, startRow + $(tapRow)u * DILATION_HEIGHT, startColumn + $(tapColumn)u * DILATION_WIDTH);
  largest = max(largest, tap_$(tapRow)_$(tapColumn));
  nan = nan | elementIsNan(tap_$(tapRow)_$(tapColumn));
#end
#end
#else
  for (var tapRow = 0u; tapRow < KERNEL_HEIGHT; tapRow++) {
    for (var tapColumn = 0u; tapColumn < KERNEL_WIDTH; tapColumn++) {
      let value = tap(image, channel, startRow + tapRow * DILATION_HEIGHT, startColumn + tapColumn * DILATION_WIDTH);
      largest = max(largest, value);
      nan = nan | elementIsNan(value);
    }
  }
#endif
  output[index] = storeOutput(elementNanIf(nan, largest));
}
