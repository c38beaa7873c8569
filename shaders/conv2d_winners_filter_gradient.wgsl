// Gradient of a convolution's filters, and of its bias, behind a 2×2 max-pool, without groups: of the four gradients of a
// pooling window three are zero, and here only the winner's is multiplied. The same slices, lines, blocks and partial sums
// as in conv2d_filter_gradient.wgsl, which multiplies all four.
//
// A thread owns CHANNEL_UNIT input channels, TAP_ROWS rows of the kernel and 4 · VECTORS output channels. It walks over
// pooling windows, BLOCK_WIDTH / 2 of them at a time, and loads the patch of the image that all places of these windows
// look at, once for all its channels. What the winner of each channel looked at is picked out of the patch in registers,
// rows first, then columns: loaded from where the winner was, it would take a load for every product.

#include half
#include loaded_tensor input
#include loaded_tensor upstream
#if FIXED_LENGTHS
var<storage> winners: array<u32, $(WINNERS_LENGTH)>;
#else
var<storage> winners: array<u32>;
#endif
var<storage> filterPartials: array<vec4f>;
#if BIAS
var<storage> biasPartials: array<vec4f>;
#endif

// Elements of the buffer from one pixel of the image to the next.
const PIXEL_PITCH = IN_CHANNELS / CHANNEL_UNIT;
// Vectors of a pixel's output channels; as many words hold their winners, a byte each.
const OUT_VECTORS = OUT_CHANNELS / 4u;
// The bits of a winner: in the right column of its window, in the lower row, and that there is none (a dead ReLU).
const RIGHT = 1u * vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
const LOWER = 2u * vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
const NONE = 4u * vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);

@compute @workgroup_size(GROUP_COLUMNS, GROUP_UNITS, GROUP_SLICES)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
#include slice_place
  // Which input channels, and which rows of the kernel.
  let channelPlace = unit % PIXEL_PITCH;
  let kernelY = (unit / PIXEL_PITCH) * TAP_ROWS;

#include filter_gradient_zero

  for (var line = 0u; line < LINES_PER_SLICE; line++) {
    let imageLine = slice * LINES_PER_SLICE + line;
    if (imageLine < LINES) {
      let image = min(imageLine, LINES - 1u) / POOLED_HEIGHT;
      let pooledY = imageLine % POOLED_HEIGHT;
      let patchY = pooledY * (2u * STRIDE_HEIGHT) + kernelY * DILATION_HEIGHT - PAD_TOP;
#include patch_rows in
      let patchX = 0u - PAD_LEFT;
#include patch_start image=in tensor=input
      for (var block = 0u; block < BLOCKS_ACROSS; block++) {
        let patchX = block * (BLOCK_WIDTH * STRIDE_WIDTH) - PAD_LEFT;
#include patch_next pixel image=in tensor=input
#unroll window 0 BLOCK_WIDTH / 2
        let pooledX_$(window) = block * (BLOCK_WIDTH / 2u) + $(window)u;
        let pooled_$(window) = (image * POOLED_HEIGHT + pooledY) * POOLED_WIDTH + min(pooledX_$(window), POOLED_WIDTH - 1u);
#unroll vector 0 VECTORS
        // Channels beyond the last repeat it, and are not stored.
        let at_arrived_$(window)_$(vector) = pooled_$(window) * OUT_VECTORS + min(column * VECTORS + $(vector)u, OUT_VECTORS - 1u);
#if BLOCKS_ACROSS * BLOCK_WIDTH == 2 * POOLED_WIDTH
        let winner_$(window)_$(vector) = vec4u(winners[at_arrived_$(window)_$(vector)]);
#else
        let winner_$(window)_$(vector) =
          select(NONE, vec4u(winners[at_arrived_$(window)_$(vector)]), pooledX_$(window) < POOLED_WIDTH);
#endif
#include load arrived_$(window)_$(vector) tensor=upstream
        let value_$(window)_$(vector) = select(
          arrived_$(window)_$(vector),
          vec4f(0.0),
          (winner_$(window)_$(vector) & NONE) != vec4u(0u),
        );
#if BIAS
        biasSum_$(vector) += value_$(window)_$(vector);
#endif
        let isLower_$(window)_$(vector) = (winner_$(window)_$(vector) & LOWER) != vec4u(0u);
        let isRight_$(window)_$(vector) = (winner_$(window)_$(vector) & RIGHT) != vec4u(0u);
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll x 0 STRIDE_WIDTH + (KERNEL_WIDTH - 1) * DILATION_WIDTH + 1
        let row_$(window)_$(vector)_$(k)_$(tapY)_$(x) = select(
#if CHANNEL_UNIT == 4
          vec4f(pixel_$(tapY * DILATION_HEIGHT)_$(2 * window * STRIDE_WIDTH + x)[$(k)]),
          vec4f(pixel_$(tapY * DILATION_HEIGHT + STRIDE_HEIGHT)_$(2 * window * STRIDE_WIDTH + x)[$(k)]),
#else
          vec4f(pixel_$(tapY * DILATION_HEIGHT)_$(2 * window * STRIDE_WIDTH + x)),
          vec4f(pixel_$(tapY * DILATION_HEIGHT + STRIDE_HEIGHT)_$(2 * window * STRIDE_WIDTH + x)),
#endif
          isLower_$(window)_$(vector),
        );
#end
#unroll tapX 0 KERNEL_WIDTH
        let picked_$(window)_$(vector)_$(k)_$(tapY)_$(tapX) = select(
          row_$(window)_$(vector)_$(k)_$(tapY)_$(tapX * DILATION_WIDTH),
          row_$(window)_$(vector)_$(k)_$(tapY)_$(tapX * DILATION_WIDTH + STRIDE_WIDTH),
          isRight_$(window)_$(vector),
        );
        sum_$(k)_$(tapY)_$(tapX)_$(vector) += value_$(window)_$(vector) * picked_$(window)_$(vector)_$(k)_$(tapY)_$(tapX);
#end
#end
#end
#end
#end
      }
    }
  }

#unroll vector 0 VECTORS
  if (column * VECTORS + $(vector)u < OUT_VECTORS) {
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
    filterPartials[
      slice * (FILTER_STRIDE / 4u)
        + (((kernelY + $(tapY)u) * KERNEL_WIDTH + $(tapX)u) * IN_CHANNELS + channelPlace * CHANNEL_UNIT + $(k)u) * OUT_VECTORS
        + column * VECTORS + $(vector)u
    ] = sum_$(k)_$(tapY)_$(tapX)_$(vector);
#end
#end
#end
#if BIAS
    if (unit == 0u) { biasPartials[slice * (BIAS_STRIDE / 4u) + column * VECTORS + $(vector)u] = biasSum_$(vector); }
#endif
  }
#end
}
