// Gradient of a convolution's filters, and of its bias, behind a 2×2 max-pool, without groups: of the four gradients of a
// pooling window three are zero, and here only the winner's is multiplied. The same slices, lines, blocks and partial sums
// as in conv2d_filter_gradient.wgsl, which multiplies all four.
//
// A thread owns CHANNEL_UNIT input channels, TAP_ROWS rows of the kernel and 4 · VECTORS output channels. It walks over
// pooling windows, BLOCK_WIDTH / 2 of them at a time, and loads the patch of the image that all places of these windows
// look at, once for all its channels. What the winner of each channel looked at is picked out of the patch in registers,
// rows first, then columns: loaded from where the winner was, it would take a load for every product.

// HALF_INPUT, HALF_UPSTREAM: stored as 16-bit floats, four to a vec2u or two to a u32.
#include half

#if CHANNEL_UNIT == 4 && HALF_INPUT
alias Input = vec2u;
#elif HALF_INPUT
alias Input = u32;
#elif CHANNEL_UNIT == 4
alias Input = vec4f;
#else
alias Input = f32;
#endif
alias Element = vec4f;
#if CHANNEL_UNIT == 4
alias Pixel = vec4f;
#else
alias Pixel = f32;
#endif
#include stored_tensor upstream

// Where the length of an array is not in its type, SwiftShader divides to find it at every load.
#if FIXED_LENGTHS
var<storage> input: array<Input, $(INPUT_LENGTH / (1 + HALF_INPUT * (CHANNEL_UNIT == 1)))>;
var<storage> upstream: array<StoredUpstream, $(UPSTREAM_LENGTH)>;
var<storage> winners: array<u32, $(WINNERS_LENGTH)>;
#else
var<storage> input: array<Input>;
var<storage> upstream: array<StoredUpstream>;
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

fn pixelAt(place: u32) -> Pixel {
#if CHANNEL_UNIT == 4 && HALF_INPUT
  return unpackHalves(input[place]);
#elif HALF_INPUT
  return unpackHalf(input[place / 2u], place);
#else
  return input[place];
#endif
}

@compute @workgroup_size(GROUP_COLUMNS, GROUP_UNITS, GROUP_SLICES)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
#include slice_place
  // Which input channels, and which rows of the kernel.
  let channel = unit % PIXEL_PITCH;
  let kernelY = (unit / PIXEL_PITCH) * TAP_ROWS;

#unroll vector 0 VECTORS
  var biasSum_$(vector) = vec4f(0.0);
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
  var sum_$(k)_$(tapY)_$(tapX)_$(vector) = vec4f(0.0);
#end
#end
#end
#end

  for (var line = 0u; line < LINES_PER_SLICE; line++) {
    let imageLine = slice * LINES_PER_SLICE + line;
    if (imageLine < LINES) {
      let image = min(imageLine, LINES - 1u) / POOLED_HEIGHT;
      let pooledY = imageLine % POOLED_HEIGHT;
      // Pixels outside read the nearest one, and count as zero. Above the image the unsigned row is huge: one comparison
      // checks both edges.
#unroll y 0 PATCH_HEIGHT
      let inY_$(y) = pooledY * (2u * STRIDE_HEIGHT) + kernelY * DILATION_HEIGHT + $(y)u - PAD_TOP;
      let insideY_$(y) = inY_$(y) < IN_HEIGHT;
      let inRow_$(y) = (image * IN_HEIGHT + min(inY_$(y), IN_HEIGHT - 1u)) * IN_WIDTH;
#end
#unroll x 0 OVERLAP
      let firstInX_$(x) = $(x)u - PAD_LEFT;
#unroll y 0 PATCH_HEIGHT
      let first_$(y)_$(x) = pixelAt((inRow_$(y) + min(firstInX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH + channel);
      var carried_$(y)_$(x) = select(Pixel(0.0), first_$(y)_$(x), (firstInX_$(x) < IN_WIDTH) & insideY_$(y));
#end
#end
      for (var block = 0u; block < BLOCKS_ACROSS; block++) {
        // The patch: its left columns are the right ones of the block before.
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
        let pixel_$(y)_$(x) = carried_$(y)_$(x);
#end
#end
#unroll x OVERLAP PATCH_WIDTH
        let inX_$(x) = block * (BLOCK_WIDTH * STRIDE_WIDTH) + $(x)u - PAD_LEFT;
#unroll y 0 PATCH_HEIGHT
        let loaded_$(y)_$(x) = pixelAt((inRow_$(y) + min(inX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH + channel);
        let pixel_$(y)_$(x) = select(Pixel(0.0), loaded_$(y)_$(x), (inX_$(x) < IN_WIDTH) & insideY_$(y));
#end
#end
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
        carried_$(y)_$(x) = pixel_$(y)_$(x + BLOCK_WIDTH * STRIDE_WIDTH);
#end
#end
#unroll window 0 BLOCK_WIDTH / 2
        let pooledX_$(window) = block * (BLOCK_WIDTH / 2u) + $(window)u;
        let pooled_$(window) = (image * POOLED_HEIGHT + pooledY) * POOLED_WIDTH + min(pooledX_$(window), POOLED_WIDTH - 1u);
#unroll vector 0 VECTORS
        // Channels beyond the last repeat it, and are not stored.
        let place_$(window)_$(vector) = pooled_$(window) * OUT_VECTORS + min(column * VECTORS + $(vector)u, OUT_VECTORS - 1u);
#if BLOCKS_ACROSS * BLOCK_WIDTH == 2 * POOLED_WIDTH
        let winner_$(window)_$(vector) = vec4u(winners[place_$(window)_$(vector)]);
#else
        let winner_$(window)_$(vector) =
          select(NONE, vec4u(winners[place_$(window)_$(vector)]), pooledX_$(window) < POOLED_WIDTH);
#endif
        let value_$(window)_$(vector) = select(
          loadUpstream(upstream[place_$(window)_$(vector)]),
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
        + (((kernelY + $(tapY)u) * KERNEL_WIDTH + $(tapX)u) * IN_CHANNELS + channel * CHANNEL_UNIT + $(k)u) * OUT_VECTORS
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
