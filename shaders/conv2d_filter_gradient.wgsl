// Gradient of a convolution's filters, and of its bias. The sum runs over every output pixel of every image and is cut
// into SLICES: each takes its share of LINES (rows of blocks) into partial results, which are added in a fixed order
// afterwards (optimizer_update.wgsl or sum_slices.wgsl), so that no atomics are needed and the bits are always the same.
//
// A thread owns one input channel (or four, CHANNEL_UNIT), TAP_ROWS rows of the kernel and 4 · VECTORS output channels:
// all their sums stay in registers. It walks over the output in blocks; for each it loads the patch of the image that
// the block's windows cover, so that every loaded pixel serves several taps, and every gradient all of them. Where a
// block spans a whole row (BLOCKS_ACROSS 1) the preprocessor knows which columns of the patch are padding: only those
// from FIRST_COLUMN up to END_COLUMN are loaded. PER_LANE as in conv2d_forward.wgsl.
//
// Patches, gradients and sums are named registers, not arrays, which would be memory: what works on them is included.

#include half
#include loaded_tensor input
#include loaded_tensor upstream
#if UNPOOL && FIXED_LENGTHS
var<storage> winners: array<u32, $(WINNERS_LENGTH)>;
#elif UNPOOL
var<storage> winners: array<u32>;
#endif
#if SCALED
// Of the activation before which the gradient is wanted, and behind which `upstream` is.
var<storage> derivative: array<vec4f>;
#endif
#if VECTOR_UPSTREAM
var<storage> filterPartials: array<vec4f>;
#else
var<storage> filterPartials: array<f32>;
#endif
#if BIAS
var<storage> biasPartials: array<f32>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);
// Winners lie in the bytes of a word. They are compared in place, which is cheaper than shifting them down.
const BYTES = vec4u(0x000000ffu, 0x0000ff00u, 0x00ff0000u, 0xff000000u);
const BYTE_ONES = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
// That there is none: a dead ReLU, or a window outside.
const NO_WINNER = 0x04040404u;

// The gradient at a place of a pooling window: what arrived, where that place has won.
fn unpooled(arrived: vec4f, winner: vec4u, place: u32) -> vec4f {
  return select(vec4f(0.0), arrived, winner == place * BYTE_ONES);
}

fn storeFilterSum(start: u32, firstChannel: u32, lastChannel: u32, sum: vec4f) {
#if VECTOR_UPSTREAM
  if (firstChannel <= lastChannel) { filterPartials[(start + firstChannel) / 4u] = sum; }
#else
#unroll lane 0 4
  if (firstChannel + $(lane)u <= lastChannel) { filterPartials[start + firstChannel + $(lane)u] = sum[$(lane)]; }
#end
#endif
}

#if BIAS
fn storeBiasSum(start: u32, firstChannel: u32, lastChannel: u32, sum: vec4f) {
#unroll lane 0 4
  if (firstChannel + $(lane)u <= lastChannel) { biasPartials[start + firstChannel + $(lane)u] = sum[$(lane)]; }
#end
}
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_UNITS, GROUP_SLICES)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
#include slice_place
#include filter_gradient_channels
#include filter_gradient_zero

  for (var line = 0u; line < LINES_PER_SLICE; line++) {
    let imageLine = slice * LINES_PER_SLICE + line;
    if (imageLine < LINES) {
      let image = min(imageLine, LINES - 1u) / BLOCKS_DOWN;
      let lineOfImage = imageLine % BLOCKS_DOWN;
      let firstY = lineOfImage * BLOCK_HEIGHT;
      let patchY = firstY * STRIDE_HEIGHT + kernelY * DILATION_HEIGHT - PAD_TOP;
#include patch_rows in
      let patchX = 0u - PAD_LEFT;
#include patch_start image=in tensor=input
#if BLOCKS_ACROSS > 1
      for (var block = 0u; block < BLOCKS_ACROSS; block++) {
#else
      {
        let block = 0u;
#endif
        let firstX = block * BLOCK_WIDTH;
#if UNPOOL
#include filter_gradient_unpool
#else
#include filter_gradient_upstream
#endif
        let patchX = firstX * STRIDE_WIDTH - PAD_LEFT;
#include patch_next pixel image=in tensor=input
#include filter_gradient_products
      }
    }
  }

#unroll vector 0 VECTORS
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
  let start_$(k)_$(tapY)_$(tapX)_$(vector) = slice * FILTER_STRIDE
    + (((kernelY + $(tapY)u) * KERNEL_WIDTH + $(tapX)u) * GROUP_IN + groupChannel + $(k)u) * OUT_CHANNELS;
  storeFilterSum(
    start_$(k)_$(tapY)_$(tapX)_$(vector), firstChannel + $(4 * vector)u, lastChannel, sum_$(k)_$(tapY)_$(tapX)_$(vector));
#end
#end
#end
#if BIAS
  if (unit == 0u) { storeBiasSum(slice * BIAS_STRIDE, firstChannel + $(4 * vector)u, lastChannel, biasSum_$(vector)); }
#endif
#end
}
