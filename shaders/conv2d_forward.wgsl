// Convolution [BATCH, IN_HEIGHT, IN_WIDTH, IN_CHANNELS] * [KERNEL_HEIGHT, KERNEL_WIDTH, GROUP_IN, OUT_CHANNELS].
//
// A thread keeps a block of BLOCK_HEIGHT × BLOCK_WIDTH output pixels × 4 · VECTORS output channels in registers. For each
// input channel (or four, CHANNEL_UNIT) it loads the patch of the image that the block looks at: neighbouring outputs
// look at overlapping windows, so each loaded pixel serves up to KERNEL_WIDTH · TAP_ROWS of them, and each loaded weight
// all pixels of the block. TAP_ROWS rows of the kernel are unrolled (all of them, or one with a loop over the others).
//
// With POOL a block is made of whole 2×2 windows, so the pool is a matter of registers: the full-size result never
// reaches memory. Beside the pooled value goes a byte that says which of the four won (0–3, the first among equals), or
// 4 where ReLU lets no gradient back.
//
// Where one block spans a whole row (BLOCKS_ACROSS 1), the preprocessor knows which columns of the patch are padding:
// only those from FIRST_COLUMN up to END_COLUMN are loaded and multiplied.
//
// Groups: with PER_LANE (groups of a few filters, depthwise above all) the output channels of all groups are treated as
// one row, and each of a vector's four channels reads the input channel of its own group. Otherwise a vector never
// crosses from one group into the next.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half
#include relu
#if SILU
#include silu
#endif

#include loaded_tensor input
#include loaded_tensor filters
#if HALF_OUTPUT
alias Output = vec2u;
#else
alias Output = StoredFilters;
#endif

#if FIXED_LENGTHS
var<storage> output: array<Output, $(OUTPUT_LENGTH)>;
#else
var<storage> output: array<Output>;
#endif
#if BIAS
var<storage> bias: array<f32>;
#endif
#if POOL
var<storage> winners: array<u32>;
#endif
#if DERIVATIVE
// Of SiLU at each sum: what its gradient is multiplied by.
var<storage> derivative: array<vec4f>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);

fn store(pixel: u32, channel: u32, lastChannel: u32, values: vec4f) {
#if HALF_OUTPUT
  output[(pixel * OUT_CHANNELS + channel) / 4u] = packHalves(values);
#elif VECTOR_OUT
  output[(pixel * OUT_CHANNELS + channel) / 4u] = values;
#else
#unroll lane 0 4
  if (channel + $(lane)u <= lastChannel) { output[pixel * OUT_CHANNELS + channel + $(lane)u] = values[$(lane)]; }
#end
#endif
}

@compute @workgroup_size(GROUP_COLUMNS, GROUP_PLACES)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
#include workgroup_place block

  // Channels beyond the last repeat it, and are not stored.
  let group = column / COLUMNS_PER_GROUP;
  let firstChannel = group * CHANNELS_PER_GROUP + (column % COLUMNS_PER_GROUP) * (4u * VECTORS);
  let lastChannel = (group + 1u) * CHANNELS_PER_GROUP - 1u;
#unroll vector 0 VECTORS
  let channels_$(vector) = min(vec4u(firstChannel + $(4 * vector)u) + LANES, vec4u(lastChannel));
  // Where they lie within a row of the filters, in elements of the buffer.
#if VECTOR_FILTERS
  let filterPlace_$(vector) = min(firstChannel + $(4 * vector)u, OUT_CHANNELS - 4u) / 4u;
#else
  let filterPlace_$(vector) = channels_$(vector);
#endif
#end
  // Where the first channel that this thread reads lies within a pixel of the image, likewise.
#if PER_LANE == 2
  let firstPlace = firstChannel / 4u;
#elif PER_LANE == 1
  let firstPlace = (channels_0 / GROUP_OUT) * GROUP_IN;
#else
  let firstPlace = group * (GROUP_IN / CHANNEL_UNIT);
#endif

#include block_origin
  // The corner of the patch. Left of the image unsigned columns are huge, so that one comparison checks both edges.
  let patchX = blockX * STRIDE_WIDTH - PAD_LEFT;
  let cornerY = blockY * STRIDE_HEIGHT - PAD_TOP;
#unroll x FIRST_COLUMN END_COLUMN
  let inX_$(x) = patchX + $(x)u;
  let insideX_$(x) = inX_$(x) < IN_WIDTH;
#end

#unroll vector 0 VECTORS
#if BIAS
  let bias_$(vector) = vec4f(bias[channels_$(vector).x], bias[channels_$(vector).y], bias[channels_$(vector).z], bias[channels_$(vector).w]);
#else
  let bias_$(vector) = vec4f(0.0);
#endif
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
  var sum_$(y)_$(x)_$(vector) = bias_$(vector);
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
#include patch_rows in
#unroll y 0 PATCH_HEIGHT
#unroll x FIRST_COLUMN END_COLUMN
    let start_$(y)_$(x) =
      (inRow_$(y) + min(inX_$(x), IN_WIDTH - 1u)) * (IN_CHANNELS / $(1 + 3 * VECTOR_INPUT)u) + firstPlace;
#end
#end
    for (var chunk = 0u; chunk < GROUP_IN / CHANNEL_UNIT; chunk++) {
#unroll y 0 PATCH_HEIGHT
#unroll x FIRST_COLUMN END_COLUMN
      let at_loaded_$(y)_$(x) = start_$(y)_$(x) + chunk;
#include load loaded_$(y)_$(x) tensor=input
      // Rows and columns that lie inside whatever the block need no check.
#if y >= FIRST_SURE_ROW && y < END_SURE_ROW && x >= FIRST_SURE_COLUMN && x < END_SURE_COLUMN
      let pixel_$(y)_$(x) = loaded_$(y)_$(x);
#elif y >= FIRST_SURE_ROW && y < END_SURE_ROW
      let pixel_$(y)_$(x) = select(LoadedInput(0.0), loaded_$(y)_$(x), insideX_$(x));
#elif x >= FIRST_SURE_COLUMN && x < END_SURE_COLUMN
      let pixel_$(y)_$(x) = select(LoadedInput(0.0), loaded_$(y)_$(x), insideY_$(y));
#else
      let pixel_$(y)_$(x) = select(LoadedInput(0.0), loaded_$(y)_$(x), insideY_$(y) & insideX_$(x));
#endif
#end
#end
#unroll kernelRow 0 TAP_ROWS
#unroll kernelX 0 KERNEL_WIDTH
#unroll vector 0 VECTORS
      let tap_$(kernelRow)_$(kernelX)_$(vector) =
        ((kernelY + $(kernelRow)u) * KERNEL_WIDTH + $(kernelX)u) * GROUP_IN + chunk * CHANNEL_UNIT;
#unroll k 0 CHANNEL_UNIT
      let at_filter_$(kernelRow)_$(kernelX)_$(vector)_$(k) =
        (tap_$(kernelRow)_$(kernelX)_$(vector) + $(k)u) * (OUT_CHANNELS / $(1 + 3 * VECTOR_FILTERS)u) + filterPlace_$(vector);
#include load filter_$(kernelRow)_$(kernelX)_$(vector)_$(k) tensor=filters
#end
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
#if x * STRIDE_WIDTH + kernelX * DILATION_WIDTH >= FIRST_COLUMN && x * STRIDE_WIDTH + kernelX * DILATION_WIDTH < END_COLUMN
#unroll k 0 CHANNEL_UNIT
#if PER_LANE > 0
          + pixel_$(y * STRIDE_HEIGHT + kernelRow * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH)[$(lane)] * filter_$(kernelRow)_$(kernelX)_$(vector)_$(k)[$(lane)]
#elif CHANNEL_UNIT == 4
          + pixel_$(y * STRIDE_HEIGHT + kernelRow * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH)[$(k)] * filter_$(kernelRow)_$(kernelX)_$(vector)_$(k)[$(lane)]
#else
          + pixel_$(y * STRIDE_HEIGHT + kernelRow * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH) * filter_$(kernelRow)_$(kernelX)_$(vector)_$(k)[$(lane)]
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

#unroll vector 0 VECTORS
#if VECTORS > 1
  if (firstChannel + $(4 * vector)u <= lastChannel) {
#else
  {
#endif
#if POOL
#unroll windowY 0 BLOCK_HEIGHT / 2
#unroll windowX 0 BLOCK_WIDTH / 2
    {
      let pooledX = blockX / 2u + $(windowX)u;
      let pooledY = blockY / 2u + $(windowY)u;
      if (pooledX < POOLED_WIDTH && pooledY < POOLED_HEIGHT) {
        var most = sum_$(2 * windowY)_$(2 * windowX)_$(vector);
        var winner = vec4u(0u);
#unroll place 1 4
        winner = select(winner, vec4u($(place)u), sum_$(2 * windowY + place / 2)_$(2 * windowX + place % 2)_$(vector) > most);
        most = max(most, sum_$(2 * windowY + place / 2)_$(2 * windowX + place % 2)_$(vector));
#end
#if RELU
        winner = select(vec4u(4u), winner, most > vec4f(0.0));
        most = max(most, vec4f(0.0));
#endif
        winner = select(vec4u(4u), winner, vec4u(firstChannel + $(4 * vector)u) + LANES <= vec4u(lastChannel));
        let pooled = (image * POOLED_HEIGHT + pooledY) * POOLED_WIDTH + pooledX;
        store(pooled, firstChannel + $(4 * vector)u, lastChannel, most);
        winners[pooled * WINNER_WORDS + firstChannel / 4u + $(vector)u] =
          winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u);
      }
    }
#end
#end
#else
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    if (blockX + $(x)u < OUT_WIDTH && blockY + $(y)u < OUT_HEIGHT) {
      let pixel = (image * OUT_HEIGHT + blockY + $(y)u) * OUT_WIDTH + blockX + $(x)u;
#if DERIVATIVE
      derivative[(pixel * OUT_CHANNELS + firstChannel) / 4u + $(vector)u] = siluDerivative(sum_$(y)_$(x)_$(vector));
#endif
#if RELU
      store(pixel, firstChannel + $(4 * vector)u, lastChannel, relu(sum_$(y)_$(x)_$(vector)));
#elif SILU
      store(pixel, firstChannel + $(4 * vector)u, lastChannel, silu(sum_$(y)_$(x)_$(vector)));
#else
      store(pixel, firstChannel + $(4 * vector)u, lastChannel, sum_$(y)_$(x)_$(vector));
#endif
    }
#end
#end
#endif
  }
#end
}
