// Gradient of a convolution's filters, and of its bias. The sum runs over every output pixel of every image and is cut
// into SLICES: each takes its share of LINES (rows of blocks) into partial results, which are added in a fixed order
// afterwards (optimizer_update.wgsl or sum_slices.wgsl), so that no atomics are needed and the bits are always the same.
//
// A thread owns one input channel (or four, CHANNEL_UNIT), TAP_ROWS rows of the kernel and 4 · VECTORS output channels:
// all their sums stay in registers. It walks over the output in blocks; for each it loads the patch of the image that
// the block's windows cover, so that every loaded pixel serves several taps, and every gradient all of them. Where a
// block spans a whole row (BLOCKS_ACROSS 1) the preprocessor knows which columns of the patch are padding: only those
// from FIRST_COLUMN up to END_COLUMN are loaded.
//
// With UNPOOL the gradient lies behind a 2×2 max-pool: a pooled value and its winner are loaded once and stand for four
// gradients, three of them zero. PER_LANE as in conv2d_forward.wgsl.

// HALF_INPUT, HALF_UPSTREAM: stored as 16-bit floats, four to a vec2u or two to a u32.
#include half

#if CHANNEL_UNIT == 4 && HALF_INPUT
alias Input = vec2u;
#elif HALF_INPUT
alias Input = u32;
#elif CHANNEL_UNIT == 4 || PER_LANE == 2
alias Input = vec4f;
#else
alias Input = f32;
#endif
#if VECTOR_OUT
alias Output = vec4f;
#else
alias Output = f32;
#endif
#if HALF_UPSTREAM
alias Upstream = vec2u;
#else
alias Upstream = Output;
#endif

// Where the length of an array is not in its type, SwiftShader divides to find it at every load.
#if FIXED_LENGTHS
var<storage> input: array<Input, $(INPUT_LENGTH / (1 + HALF_INPUT * (CHANNEL_UNIT == 1)))>;
var<storage> upstream: array<Upstream, $(UPSTREAM_LENGTH)>;
#if UNPOOL
var<storage> winners: array<u32, $(WINNERS_LENGTH)>;
#endif
#else
var<storage> input: array<Input>;
var<storage> upstream: array<Upstream>;
#if UNPOOL
var<storage> winners: array<u32>;
#endif
#endif
var<storage> filterPartials: array<Output>;
#if BIAS
var<storage> biasPartials: array<f32>;
#endif

// Elements of the buffer from one pixel of the image to the next.
#if CHANNEL_UNIT == 4 || PER_LANE == 2
const PIXEL_PITCH = IN_CHANNELS / 4u;
#else
const PIXEL_PITCH = IN_CHANNELS;
#endif
const LANES = vec4u(0u, 1u, 2u, 3u);

#if CHANNEL_UNIT == 4 || PER_LANE > 0
alias Pixel = vec4f;
#else
alias Pixel = f32;
#endif

#if UNPOOL
// Winners lie in the bytes of a word. They are compared in place, which is cheaper than shifting them down.
const BYTES = vec4u(0x000000ffu, 0x0000ff00u, 0x00ff0000u, 0xff000000u);
const BYTE_ONES = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
#endif

#if SCALED
// Of the activation before which the gradient is wanted, and behind which `upstream` is.
var<storage> derivative: array<vec4f>;
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_UNITS, GROUP_SLICES)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
#include slice_place

  // Channels beyond the last repeat it, and are not stored.
  let group = column / COLUMNS_PER_GROUP;
  let firstChannel = group * CHANNELS_PER_GROUP + (column % COLUMNS_PER_GROUP) * (4u * VECTORS);
  let lastChannel = (group + 1u) * CHANNELS_PER_GROUP - 1u;
#unroll vector 0 VECTORS
  let channels_$(vector) = min(vec4u(firstChannel + $(4 * vector)u) + LANES, vec4u(lastChannel));
  let vectorOfPixel_$(vector) = min(firstChannel + $(4 * vector)u, OUT_CHANNELS - 1u) / 4u;
#end
  // Which channel of its group, and which rows of the kernel.
  let groupChannel = (unit % (GROUP_IN / CHANNEL_UNIT)) * CHANNEL_UNIT;
  let kernelY = (unit / (GROUP_IN / CHANNEL_UNIT)) * TAP_ROWS;
  // Where the channel lies within a pixel of the image, in elements of the buffer.
#if PER_LANE == 2
  let inChannel = firstChannel / 4u;
#elif PER_LANE == 1
  let inChannel = (channels_0 / GROUP_OUT) * GROUP_IN + vec4u(groupChannel);
#else
  let inChannel = group * (GROUP_IN / CHANNEL_UNIT) + groupChannel / CHANNEL_UNIT;
#endif

#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
#unroll vector 0 VECTORS
  var sum_$(k)_$(tapY)_$(tapX)_$(vector) = vec4f(0.0);
#end
#end
#end
#end
#unroll vector 0 VECTORS
  var biasSum_$(vector) = vec4f(0.0);
#end

  for (var line = 0u; line < LINES_PER_SLICE; line++) {
    let imageLine = slice * LINES_PER_SLICE + line;
    if (imageLine < LINES) {
      let image = min(imageLine, LINES - 1u) / BLOCKS_DOWN;
      let lineOfImage = imageLine % BLOCKS_DOWN;
      let firstY = lineOfImage * BLOCK_HEIGHT;
      // Pixels outside read the nearest one, and count as zero.
#unroll y 0 PATCH_HEIGHT
      // Above the image the unsigned row is huge: one comparison checks both edges.
      let inY_$(y) = firstY * STRIDE_HEIGHT + kernelY * DILATION_HEIGHT + $(y)u - PAD_TOP;
      let insideY_$(y) = inY_$(y) < IN_HEIGHT;
      let inRow_$(y) = (image * IN_HEIGHT + min(inY_$(y), IN_HEIGHT - 1u)) * IN_WIDTH;
#end
#unroll x 0 OVERLAP
      let firstInX_$(x) = $(x)u - PAD_LEFT;
#unroll y 0 PATCH_HEIGHT
#if PER_LANE == 1
      let places_$(y)_$(x) = vec4u((inRow_$(y) + min(firstInX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH) + inChannel;
      let first_$(y)_$(x) = vec4f(input[places_$(y)_$(x).x], input[places_$(y)_$(x).y], input[places_$(y)_$(x).z], input[places_$(y)_$(x).w]);
#elif HALF_INPUT
      let firstPlace_$(y)_$(x) = (inRow_$(y) + min(firstInX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH + inChannel;
#if CHANNEL_UNIT == 4
      let first_$(y)_$(x) = unpackHalves(input[firstPlace_$(y)_$(x)]);
#else
      let first_$(y)_$(x) = unpackHalf(input[firstPlace_$(y)_$(x) / 2u], firstPlace_$(y)_$(x));
#endif
#else
      let first_$(y)_$(x) = input[(inRow_$(y) + min(firstInX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH + inChannel];
#endif
      var carried_$(y)_$(x) = select(Pixel(0.0), first_$(y)_$(x), (firstInX_$(x) < IN_WIDTH) & insideY_$(y));
#end
#end
#if BLOCKS_ACROSS > 1
      for (var block = 0u; block < BLOCKS_ACROSS; block++) {
#else
      {
        let block = 0u;
#endif
        let firstX = block * BLOCK_WIDTH;
#unroll vector 0 VECTORS
#if UNPOOL
#unroll window 0 BLOCK_WIDTH / 2
        let pooledX_$(window)_$(vector) = block * (BLOCK_WIDTH / 2u) + $(window)u;
        let pooled_$(window)_$(vector) = (image * POOLED_HEIGHT + lineOfImage) * POOLED_WIDTH + min(pooledX_$(window)_$(vector), POOLED_WIDTH - 1u);
#if HALF_UPSTREAM
        let value_$(window)_$(vector) = unpackHalves(upstream[pooled_$(window)_$(vector) * (OUT_CHANNELS / 4u) + vectorOfPixel_$(vector)]);
#elif VECTOR_OUT
        let value_$(window)_$(vector) = upstream[pooled_$(window)_$(vector) * (OUT_CHANNELS / 4u) + vectorOfPixel_$(vector)];
#else
        let places_$(window)_$(vector) = vec4u(pooled_$(window)_$(vector) * OUT_CHANNELS) + channels_$(vector);
        let value_$(window)_$(vector) = vec4f(
          upstream[places_$(window)_$(vector).x],
          upstream[places_$(window)_$(vector).y],
          upstream[places_$(window)_$(vector).z],
          upstream[places_$(window)_$(vector).w],
        );
#endif
        let word_$(window)_$(vector) = winners[pooled_$(window)_$(vector) * WINNER_WORDS + vectorOfPixel_$(vector)];
#if BLOCKS_ACROSS * BLOCK_WIDTH == 2 * POOLED_WIDTH
        let winner_$(window)_$(vector) = vec4u(word_$(window)_$(vector)) & BYTES;
#else
        let winner_$(window)_$(vector) = vec4u(select(0x04040404u, word_$(window)_$(vector), pooledX_$(window)_$(vector) < POOLED_WIDTH)) & BYTES;
#endif
#if BIAS
        biasSum_$(vector) += select(vec4f(0.0), value_$(window)_$(vector), winner_$(window)_$(vector) < 4u * BYTE_ONES);
#endif
#unroll place 0 4
        let gradient_$(place / 2)_$(2 * window + place % 2)_$(vector) = select(vec4f(0.0), value_$(window)_$(vector), winner_$(window)_$(vector) == $(place)u * BYTE_ONES);
#end
#end
#else
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
        let outPixel_$(y)_$(x)_$(vector) =
          (image * OUT_HEIGHT + min(firstY + $(y)u, OUT_HEIGHT - 1u)) * OUT_WIDTH + min(firstX + $(x)u, OUT_WIDTH - 1u);
#if HALF_UPSTREAM
        let arrived_$(y)_$(x)_$(vector) = unpackHalves(upstream[outPixel_$(y)_$(x)_$(vector) * (OUT_CHANNELS / 4u) + vectorOfPixel_$(vector)]);
#elif VECTOR_OUT
        let arrived_$(y)_$(x)_$(vector) = upstream[outPixel_$(y)_$(x)_$(vector) * (OUT_CHANNELS / 4u) + vectorOfPixel_$(vector)];
#else
        let places_$(y)_$(x)_$(vector) = vec4u(outPixel_$(y)_$(x)_$(vector) * OUT_CHANNELS) + channels_$(vector);
        let arrived_$(y)_$(x)_$(vector) = vec4f(
          upstream[places_$(y)_$(x)_$(vector).x],
          upstream[places_$(y)_$(x)_$(vector).y],
          upstream[places_$(y)_$(x)_$(vector).z],
          upstream[places_$(y)_$(x)_$(vector).w],
        );
#endif
        let isInside_$(y)_$(x)_$(vector) = (firstY + $(y)u < OUT_HEIGHT) & (firstX + $(x)u < OUT_WIDTH);
#if SCALED
        let scaled_$(y)_$(x)_$(vector) = arrived_$(y)_$(x)_$(vector) * derivative[outPixel_$(y)_$(x)_$(vector) * (OUT_CHANNELS / 4u) + vectorOfPixel_$(vector)];
        let gradient_$(y)_$(x)_$(vector) = select(vec4f(0.0), scaled_$(y)_$(x)_$(vector), isInside_$(y)_$(x)_$(vector));
#else
        let gradient_$(y)_$(x)_$(vector) = select(vec4f(0.0), arrived_$(y)_$(x)_$(vector), isInside_$(y)_$(x)_$(vector));
#endif
#if BIAS
        biasSum_$(vector) += gradient_$(y)_$(x)_$(vector);
#endif
#end
#end
#endif
#end
        // The patch: its left columns are the right ones of the block before.
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
        let pixel_$(y)_$(x) = carried_$(y)_$(x);
#end
#end
#unroll x OVERLAP PATCH_WIDTH
#if x >= FIRST_COLUMN && x < END_COLUMN
        let inX_$(x) = firstX * STRIDE_WIDTH + $(x)u - PAD_LEFT;
#if BLOCKS_ACROSS > 1
        let insideX_$(x) = inX_$(x) < IN_WIDTH;
#else
        let insideX_$(x) = true;
#endif
#unroll y 0 PATCH_HEIGHT
#if PER_LANE == 1
        let imagePlaces_$(y)_$(x) = vec4u((inRow_$(y) + min(inX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH) + inChannel;
        let loaded_$(y)_$(x) = vec4f(
          input[imagePlaces_$(y)_$(x).x],
          input[imagePlaces_$(y)_$(x).y],
          input[imagePlaces_$(y)_$(x).z],
          input[imagePlaces_$(y)_$(x).w],
        );
#elif HALF_INPUT
        let imagePlace_$(y)_$(x) = (inRow_$(y) + min(inX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH + inChannel;
#if CHANNEL_UNIT == 4
        let loaded_$(y)_$(x) = unpackHalves(input[imagePlace_$(y)_$(x)]);
#else
        let loaded_$(y)_$(x) = unpackHalf(input[imagePlace_$(y)_$(x) / 2u], imagePlace_$(y)_$(x));
#endif
#else
        let loaded_$(y)_$(x) = input[(inRow_$(y) + min(inX_$(x), IN_WIDTH - 1u)) * PIXEL_PITCH + inChannel];
#endif
        let pixel_$(y)_$(x) = select(Pixel(0.0), loaded_$(y)_$(x), insideX_$(x) & insideY_$(y));
#end
#else
#unroll y 0 PATCH_HEIGHT
        let pixel_$(y)_$(x) = Pixel(0.0);
#end
#endif
#end
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
        carried_$(y)_$(x) = pixel_$(y)_$(x + BLOCK_WIDTH * STRIDE_WIDTH);
#end
#end
        // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters. Two
        // columns make a term of their own, so that not every addition waits for the one before.
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
#unroll vector 0 VECTORS
        sum_$(k)_$(tapY)_$(tapX)_$(vector) = vec4f(
#unroll lane 0 4
          sum_$(k)_$(tapY)_$(tapX)_$(vector)[$(lane)]
#unroll pair 0 BLOCK_WIDTH / 2
          + (
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 2
#if y + x > 0
            +
#endif
#if PER_LANE > 0
            gradient_$(y)_$(2 * pair + x)_$(vector)[$(lane)] * pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$((2 * pair + x) * STRIDE_WIDTH + tapX * DILATION_WIDTH)[$(lane)]
#elif CHANNEL_UNIT == 4
            gradient_$(y)_$(2 * pair + x)_$(vector)[$(lane)] * pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$((2 * pair + x) * STRIDE_WIDTH + tapX * DILATION_WIDTH)[$(k)]
#else
            gradient_$(y)_$(2 * pair + x)_$(vector)[$(lane)] * pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$((2 * pair + x) * STRIDE_WIDTH + tapX * DILATION_WIDTH)
#endif
#end
#end
          )
#end
          ,
#end
        );
#end
#end
#end
#end
      }
    }
  }

#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
#unroll vector 0 VECTORS
  {
    let start = slice * FILTER_STRIDE
      + (((kernelY + $(tapY)u) * KERNEL_WIDTH + $(tapX)u) * GROUP_IN + groupChannel + $(k)u) * OUT_CHANNELS + firstChannel + $(4 * vector)u;
#if VECTOR_OUT
    if (firstChannel + $(4 * vector)u <= lastChannel) { filterPartials[start / 4u] = sum_$(k)_$(tapY)_$(tapX)_$(vector); }
#else
#unroll lane 0 4
    if (firstChannel + $(4 * vector + lane)u <= lastChannel) { filterPartials[start + $(lane)u] = sum_$(k)_$(tapY)_$(tapX)_$(vector)[$(lane)]; }
#end
#endif
  }
#end
#end
#end
#end
#if BIAS
  if (unit == 0u) {
#unroll vector 0 VECTORS
#unroll lane 0 4
    if (firstChannel + $(4 * vector + lane)u <= lastChannel) {
      biasPartials[slice * BIAS_STRIDE + firstChannel + $(4 * vector + lane)u] = biasSum_$(vector)[$(lane)];
    }
#end
#end
  }
#endif
}
