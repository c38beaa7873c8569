// Gradient of the input of a convolution with strides 1 (others: conv2d_input_gradient_strided.wgsl):
//
//     inputGradient[y, x, i] = Σ over taps and o of upstream[y + PAD_TOP - tapY, x + PAD_LEFT - tapX, o] · filters[tap, i, o]
//
// A thread keeps a block of BLOCK_HEIGHT × BLOCK_WIDTH input pixels × 4 · VECTORS input channels in registers. For each output
// channel (or four, CHANNEL_UNIT) it loads the patch of the upstream gradient that reaches the block: each loaded
// gradient serves up to KERNEL_WIDTH pixels, each weight all pixels of the block. Both operands lie along o in
// memory, so four of them meet in dot products (vector · matrix) and the filters need no transposed copy. Taps are
// walked backwards, so that the patch moves forwards. TAP_ROWS rows of the kernel are unrolled (all of them, or one with
// a loop over the others), columns always.
//
// With UNPOOL, `upstream` is the gradient behind a 2×2 max-pool and `winners` says which pixel of each window it goes
// to (conv2d_forward.wgsl); the full-size gradient is rebuilt while loading. BLOCK_WIDTH is even then, so that which
// column of its window a column of the patch is does not depend on the block: it is the parity of x + WINDOW_PHASE.
// With KNOWN_ROWS (all rows of the kernel unrolled, BLOCK_HEIGHT even) the same holds for rows, and each window is loaded
// once; otherwise each row of the patch loads the windows that it lies in.
//
// Where one block spans a whole row (BLOCKS_ACROSS 1), the preprocessor knows which columns of the patch are padding:
// only those from FIRST_COLUMN up to END_COLUMN are loaded and multiplied.
//
// Groups: with PER_LANE (groups of a few channels, depthwise above all) the input channels of all groups are treated as one
// row, and each of a vector's four channels reads the gradients of its own group.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half

#include loaded_tensor upstream
#include loaded_tensor filters
#if HALF_OUTPUT
alias Result = vec2u;
#elif VECTOR_IN
alias Result = vec4f;
#else
alias Result = f32;
#endif

#if FIXED_LENGTHS
var<storage> inputGradient: array<Result, $(RESULT_LENGTH)>;
#if UNPOOL
var<storage> winners: array<u32, $(WINNERS_LENGTH)>;
#endif
#else
var<storage> inputGradient: array<Result>;
#if UNPOOL
var<storage> winners: array<u32>;
#endif
#endif

#if SCALED
// Of the activation before which the gradient is wanted, and behind which `upstream` is.
var<storage> derivative: array<StoredFilters>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);

#if UNPOOL && VECTOR_UPSTREAM
// The code 1 where it lies in a word of winners, for each of four channels.
const CODE_ONE = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_PLACES)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
#include workgroup_place block

  let columnGroup = column / COLUMNS_PER_GROUP;
  let firstInGroup = (column % COLUMNS_PER_GROUP) * (4u * VECTORS);
  let firstChannel = columnGroup * CHANNELS_PER_GROUP + firstInGroup;
  let lastChannel = (columnGroup + 1u) * CHANNELS_PER_GROUP - 1u;
#if PER_LANE
  let channels = min(vec4u(firstChannel) + LANES, vec4u(lastChannel));
  let group = channels / GROUP_IN;
#else
  let group = columnGroup;
  // Where the weights of each input channel begin, for the first tap. Channels beyond the last repeat it, and are not stored.
#unroll vector 0 VECTORS
#unroll lane 0 4
  let filterRow_$(vector)_$(lane) =
    min(firstInGroup + $(4 * vector + lane)u, CHANNELS_PER_GROUP - 1u) * (OUT_CHANNELS / CHANNEL_UNIT) + group * (GROUP_OUT / CHANNEL_UNIT);
#end
#end
#endif

#include block_origin
  // The corner of the patch. Left of and above the gradient unsigned coordinates are huge, so that one comparison checks both
  // edges.
  let patchX = blockX + PAD_LEFT - (KERNEL_WIDTH - 1u) * DILATION_WIDTH;
  let cornerY = blockY + PAD_TOP - (KERNEL_HEIGHT - 1u) * DILATION_HEIGHT;
#if UNPOOL
  let windowX = u32(i32(patchX - WINDOW_PHASE) / 2);
#unroll x FIRST_WINDOW END_WINDOW
  let upstreamX_$(x) = windowX + $(x)u;
#if BLOCKS_ACROSS > 1
  let insideX_$(x) = upstreamX_$(x) < POOLED_WIDTH;
#else
  let insideX_$(x) = true;
#endif
#end
#else
#unroll x FIRST_COLUMN END_COLUMN
  let outX_$(x) = patchX + $(x)u;
#if BLOCKS_ACROSS > 1
  let insideX_$(x) = outX_$(x) < OUT_WIDTH;
#else
  let insideX_$(x) = true;
#endif
#end
#endif

#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
#unroll vector 0 VECTORS
  var sum_$(y)_$(x)_$(vector) = vec4f(0.0);
#end
#end
#end

#if TAP_ROWS < KERNEL_HEIGHT
  for (var kernelY = 0u; kernelY < KERNEL_HEIGHT; kernelY++) {
#else
  {
    let kernelY = 0u;
#endif
    let patchY = cornerY + kernelY * DILATION_HEIGHT;
#if UNPOOL
    // Windows outside read the nearest one, and count as zero.
#unroll row 0 WINDOW_ROWS
#if KNOWN_ROWS
    let upstreamY_$(row) = u32(i32(patchY - ROW_PHASE) / 2) + $(row)u;
#else
    let upstreamY_$(row) = (patchY + $(row)u) / 2u;
    let topPlace_$(row) = ((patchY + $(row)u) % 2u) * 2u;
#endif
    let insideY_$(row) = upstreamY_$(row) < POOLED_HEIGHT;
    let upstreamRow_$(row) = (image * POOLED_HEIGHT + min(upstreamY_$(row), POOLED_HEIGHT - 1u)) * POOLED_WIDTH;
#unroll x FIRST_WINDOW END_WINDOW
    let inside_$(row)_$(x) = insideY_$(row) & insideX_$(x);
    let pixel_$(row)_$(x) = upstreamRow_$(row) + min(upstreamX_$(x), POOLED_WIDTH - 1u);
#if KNOWN_ROWS == 0
    // No pixel of a window outside has won.
    let firstPlace_$(row)_$(x) = select(8u, topPlace_$(row), inside_$(row)_$(x));
#endif
#end
#end
#else
#include patch_rows out
#unroll y 0 PATCH_HEIGHT
#unroll x FIRST_COLUMN END_COLUMN
    let inside_$(y)_$(x) = insideY_$(y) & insideX_$(x);
    let pixel_$(y)_$(x) = outRow_$(y) + min(outX_$(x), OUT_WIDTH - 1u);
#end
#end
#endif
    for (var chunk = 0u; chunk < GROUP_OUT / CHANNEL_UNIT; chunk++) {
      // Where the output channels lie within a pixel of the gradient, in elements of the buffer.
#if PER_LANE == 2
      let channelPlace = firstChannel / 4u;
#elif PER_LANE == 1
      let channelPlace = group * GROUP_OUT + vec4u(chunk);
#else
      let channelPlace = group * (GROUP_OUT / CHANNEL_UNIT) + chunk;
#endif
#if UNPOOL
      // Winners lie in the bytes of a word and are compared in place, which is cheaper than shifting them down: `codeOne`
      // is the code 1 where it lies in the word, or in each component's word.
#if VECTOR_UPSTREAM
      let codeOne = CODE_ONE;
#elif PER_LANE == 1
      let codeOne = vec4u(1u) << (8u * (channelPlace & vec4u(3u)));
#else
      let codeOne = 1u << (8u * (channelPlace & 3u));
#endif
      let codeBits = 255u * codeOne;
#unroll row 0 WINDOW_ROWS
#unroll x FIRST_WINDOW END_WINDOW
      let at_arrived_$(row)_$(x) = pixel_$(row)_$(x) * (OUT_CHANNELS / $(1 + 3 * VECTOR_UPSTREAM)u) + channelPlace;
#include load arrived_$(row)_$(x) tensor=upstream
#if VECTOR_UPSTREAM
      let codes_$(row)_$(x) = vec4u(winners[pixel_$(row)_$(x) * WINNER_WORDS + channelPlace]) & codeBits;
#elif PER_LANE == 1
      let words_$(row)_$(x) = vec4u(pixel_$(row)_$(x) * WINNER_WORDS) + (channelPlace >> vec4u(2u));
      let codes_$(row)_$(x) =
        vec4u(winners[words_$(row)_$(x).x], winners[words_$(row)_$(x).y], winners[words_$(row)_$(x).z], winners[words_$(row)_$(x).w]) & codeBits;
#else
      let codes_$(row)_$(x) = winners[pixel_$(row)_$(x) * WINNER_WORDS + (channelPlace >> 2u)] & codeBits;
#endif
#if KNOWN_ROWS
      let value_$(row)_$(x) = select(LoadedUpstream(0.0), arrived_$(row)_$(x), inside_$(row)_$(x));
#else
      let value_$(row)_$(x) = arrived_$(row)_$(x);
#endif
#end
#end
#if KNOWN_ROWS
#unroll place 0 4
      let place_$(place) = $(place)u * codeOne;
#end
#unroll y 0 PATCH_HEIGHT
#unroll x FIRST_COLUMN END_COLUMN
      let gradient_$(y)_$(x) = select(
        LoadedUpstream(0.0),
        value_$((y + ROW_PHASE) / 2)_$((x + WINDOW_PHASE) / 2),
        codes_$((y + ROW_PHASE) / 2)_$((x + WINDOW_PHASE) / 2) == place_$((y + ROW_PHASE) % 2 * 2 + (x + WINDOW_PHASE) % 2),
      );
#end
#end
#else
#unroll y 0 PATCH_HEIGHT
#unroll x FIRST_COLUMN END_COLUMN
      let gradient_$(y)_$(x) = select(
        LoadedUpstream(0.0),
        value_$(y)_$((x + WINDOW_PHASE) / 2),
        codes_$(y)_$((x + WINDOW_PHASE) / 2) == (firstPlace_$(y)_$((x + WINDOW_PHASE) / 2) + $((x + WINDOW_PHASE) % 2)u) * codeOne,
      );
#end
#end
#endif
#else
#unroll y 0 PATCH_HEIGHT
#unroll x FIRST_COLUMN END_COLUMN
      let at_arrived_$(y)_$(x) = pixel_$(y)_$(x) * (OUT_CHANNELS / $(1 + 3 * VECTOR_UPSTREAM)u) + channelPlace;
#include load arrived_$(y)_$(x) tensor=upstream
#if SCALED
      let scaled_$(y)_$(x) = arrived_$(y)_$(x) * derivative[at_arrived_$(y)_$(x)];
      let gradient_$(y)_$(x) = select(LoadedUpstream(0.0), scaled_$(y)_$(x), inside_$(y)_$(x));
#else
      let gradient_$(y)_$(x) = select(LoadedUpstream(0.0), arrived_$(y)_$(x), inside_$(y)_$(x));
#endif
#end
#end
#endif
#unroll kernelRow 0 TAP_ROWS
#unroll kernelX 0 KERNEL_WIDTH
      let tap_$(kernelRow)_$(kernelX) = (KERNEL_HEIGHT - 1u - kernelY - $(kernelRow)u) * KERNEL_WIDTH + $(KERNEL_WIDTH - 1 - kernelX)u;
#unroll vector 0 VECTORS
#if PER_LANE == 2
      let filter_$(kernelRow)_$(kernelX)_$(vector) = filters[tap_$(kernelRow)_$(kernelX) * (OUT_CHANNELS / 4u) + firstChannel / 4u];
#elif PER_LANE == 1
      let filterPlaces_$(kernelRow)_$(kernelX)_$(vector) =
        (vec4u(tap_$(kernelRow)_$(kernelX) * GROUP_IN) + channels % GROUP_IN) * OUT_CHANNELS + group * GROUP_OUT + vec4u(chunk);
#unroll lane 0 4
      let filter_$(kernelRow)_$(kernelX)_$(vector)_$(lane) = filters[filterPlaces_$(kernelRow)_$(kernelX)_$(vector)[$(lane)]];
#end
#else
#unroll lane 0 4
      let filter_$(kernelRow)_$(kernelX)_$(vector)_$(lane) =
        filters[tap_$(kernelRow)_$(kernelX) * (GROUP_IN * (OUT_CHANNELS / CHANNEL_UNIT)) + filterRow_$(vector)_$(lane) + chunk];
#end
#endif
#end
#end
#end
      // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters.
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
#unroll vector 0 VECTORS
      sum_$(y)_$(x)_$(vector) = vec4f(
#unroll lane 0 4
        sum_$(y)_$(x)_$(vector)[$(lane)]
#unroll kernelRow 0 TAP_ROWS
#unroll kernelX 0 KERNEL_WIDTH
#if x + kernelX * DILATION_WIDTH >= FIRST_COLUMN && x + kernelX * DILATION_WIDTH < END_COLUMN
#unroll k 0 CHANNEL_UNIT
#if PER_LANE == 2
          + gradient_$(y + kernelRow * DILATION_HEIGHT)_$(x + kernelX * DILATION_WIDTH)[$(lane)] * filter_$(kernelRow)_$(kernelX)_$(vector)[$(lane)]
#elif PER_LANE == 1
          + gradient_$(y + kernelRow * DILATION_HEIGHT)_$(x + kernelX * DILATION_WIDTH)[$(lane)] * filter_$(kernelRow)_$(kernelX)_$(vector)_$(lane)
#elif CHANNEL_UNIT == 4
          + gradient_$(y + kernelRow * DILATION_HEIGHT)_$(x + kernelX * DILATION_WIDTH)[$(k)] * filter_$(kernelRow)_$(kernelX)_$(vector)_$(lane)[$(k)]
#else
          + gradient_$(y + kernelRow * DILATION_HEIGHT)_$(x + kernelX * DILATION_WIDTH) * filter_$(kernelRow)_$(kernelX)_$(vector)_$(lane)
#endif
#end
#endif
#end
#end
        ,
#end
      );
#end
#end
#end
    }
  }

#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
  if (blockX + $(x)u < IN_WIDTH && blockY + $(y)u < IN_HEIGHT) {
    let start = ((image * IN_HEIGHT + blockY + $(y)u) * IN_WIDTH + blockX + $(x)u) * IN_CHANNELS + firstChannel;
#unroll vector 0 VECTORS
#if HALF_OUTPUT
    if (firstChannel + $(4 * vector)u <= lastChannel) { inputGradient[start / 4u + $(vector)u] = packHalves(sum_$(y)_$(x)_$(vector)); }
#elif VECTOR_IN
#if VECTORS > 1
    if (firstChannel + $(4 * vector)u <= lastChannel) { inputGradient[start / 4u + $(vector)u] = sum_$(y)_$(x)_$(vector); }
#else
    inputGradient[start / 4u] = sum_$(y)_$(x)_$(vector);
#endif
#else
#unroll lane 0 4
    if (firstChannel + $(4 * vector + lane)u <= lastChannel) { inputGradient[start + $(4 * vector + lane)u] = sum_$(y)_$(x)_$(vector)[$(lane)]; }
#end
#endif
#end
  }
#end
#end
}
