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
// Groups: with PER_LANE (groups of a few filters, depthwise above all) the output channels of all groups are treated as
// one row, and each of a vector's four channels reads the input channel of its own group. Otherwise a vector never
// crosses from one group into the next.

#if CHANNEL_UNIT == 4 || PER_LANE == 2
@group(0) @binding(0) var<storage, read> input: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> input: array<f32>;
#endif
#if VECTOR_OUT
@group(0) @binding(1) var<storage, read> filters: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> filters: array<f32>;
#endif
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#endif
#if VECTOR_OUT
@group(0) @binding($(BIAS + 2)) var<storage, read_write> output: array<vec4f>;
#else
@group(0) @binding($(BIAS + 2)) var<storage, read_write> output: array<f32>;
#endif
#if POOL
@group(0) @binding($(BIAS + 3)) var<storage, read_write> winners: array<u32>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);

// What one pixel of the patch is: a value, four channels of a pixel, or a value for each of four output channels.
#if CHANNEL_UNIT == 4 || PER_LANE > 0
alias Pixel = vec4f;
#else
alias Pixel = f32;
#endif

// Four values of a vector over output channels; channels beyond the last repeat it, and are not stored.
fn loadFilters(start: u32, channels: vec4u) -> vec4f {
#if VECTOR_OUT
  return filters[(start + channels.x) / 4u];
#else
  return vec4f(
    filters[start + channels.x],
    filters[start + channels.y],
    filters[start + channels.z],
    filters[start + channels.w],
  );
#endif
}

fn store(pixel: u32, channel: u32, lastChannel: u32, values: vec4f) {
#if VECTOR_OUT
  output[(pixel * OUT_CHANNELS + channel) / 4u] = values;
#else
#unroll lane 0 4
  if (channel + $(lane)u <= lastChannel) { output[pixel * OUT_CHANNELS + channel + $(lane)u] = values[$(lane)]; }
#end
#endif
}

@compute @workgroup_size(GROUP_COLUMNS, GROUP_BLOCKS)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let tile = workgroup.y * workgroupCount.x + workgroup.x;
  let column = (tile % COLUMN_TILES) * GROUP_COLUMNS + local.x;
  let block = (tile / COLUMN_TILES) * GROUP_BLOCKS + local.y;
  if (block >= BLOCKS || column >= COLUMNS) { return; }

  let group = column / COLUMNS_PER_GROUP;
  let firstChannel = group * CHANNELS_PER_GROUP + (column % COLUMNS_PER_GROUP) * (4u * VECTORS);
  let lastChannel = (group + 1u) * CHANNELS_PER_GROUP - 1u;
#unroll vector 0 VECTORS
  let channels_$(vector) = min(vec4u(firstChannel + $(4 * vector)u) + LANES, vec4u(lastChannel));
#end

  let blockX = (block % BLOCKS_ACROSS) * BLOCK_WIDTH;
  let blockY = ((block / BLOCKS_ACROSS) % BLOCKS_DOWN) * BLOCK_HEIGHT;
  let image = block / (BLOCKS_ACROSS * BLOCKS_DOWN);
  // The patch's top left corner. Left of and above the image unsigned coordinates are huge, so that one comparison
  // checks both edges.
  let patchX = blockX * STRIDE_WIDTH - PAD_LEFT;
  let patchY = blockY * STRIDE_HEIGHT - PAD_TOP;
#unroll x 0 PATCH_WIDTH
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
    // Where each pixel of the patch begins in the image; pixels outside read the first one, and count as zero.
#unroll y 0 PATCH_HEIGHT
    let inY_$(y) = patchY + kernelY * DILATION_HEIGHT + $(y)u;
    let insideY_$(y) = inY_$(y) < IN_HEIGHT;
    let inRow_$(y) = (image * IN_HEIGHT + inY_$(y)) * IN_WIDTH;
#unroll x 0 PATCH_WIDTH
    let inside_$(y)_$(x) = insideY_$(y) & insideX_$(x);
#if PER_LANE == 2
    let start_$(y)_$(x) = select(0u, (inRow_$(y) + inX_$(x)) * (IN_CHANNELS / 4u), inside_$(y)_$(x)) + firstChannel / 4u;
#elif PER_LANE == 1
    let start_$(y)_$(x) = vec4u(select(0u, (inRow_$(y) + inX_$(x)) * IN_CHANNELS, inside_$(y)_$(x)))
      + (channels_0 / GROUP_OUT) * GROUP_IN;
#else
    let start_$(y)_$(x) = select(0u, ((inRow_$(y) + inX_$(x)) * IN_CHANNELS + group * GROUP_IN) / CHANNEL_UNIT, inside_$(y)_$(x));
#endif
#end
#end
    for (var chunk = 0u; chunk < GROUP_IN / CHANNEL_UNIT; chunk++) {
#unroll y 0 PATCH_HEIGHT
#unroll x 0 PATCH_WIDTH
#if PER_LANE == 1
      let places_$(y)_$(x) = start_$(y)_$(x) + vec4u(chunk);
      let loaded_$(y)_$(x) = vec4f(input[places_$(y)_$(x).x], input[places_$(y)_$(x).y], input[places_$(y)_$(x).z], input[places_$(y)_$(x).w]);
#else
      let loaded_$(y)_$(x) = input[start_$(y)_$(x) + chunk];
#endif
      let pixel_$(y)_$(x) = select(Pixel(0.0), loaded_$(y)_$(x), inside_$(y)_$(x));
#end
#end
#unroll kernelRow 0 TAP_ROWS
#unroll kernelX 0 KERNEL_WIDTH
#unroll vector 0 VECTORS
      let start_$(kernelRow)_$(kernelX)_$(vector) =
        (((kernelY + $(kernelRow)u) * KERNEL_WIDTH + $(kernelX)u) * GROUP_IN + chunk * CHANNEL_UNIT) * OUT_CHANNELS;
#unroll k 0 CHANNEL_UNIT
      let filter_$(kernelRow)_$(kernelX)_$(vector)_$(k) = loadFilters(start_$(kernelRow)_$(kernelX)_$(vector) + $(k)u * OUT_CHANNELS, channels_$(vector));
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
#unroll k 0 CHANNEL_UNIT
#if PER_LANE > 0
          + pixel_$(y * STRIDE_HEIGHT + kernelRow * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH)[$(lane)] * filter_$(kernelRow)_$(kernelX)_$(vector)_$(k)[$(lane)]
#elif CHANNEL_UNIT == 4
          + pixel_$(y * STRIDE_HEIGHT + kernelRow * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH)[$(k)] * filter_$(kernelRow)_$(kernelX)_$(vector)_$(k)[$(lane)]
#else
          + pixel_$(y * STRIDE_HEIGHT + kernelRow * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH) * filter_$(kernelRow)_$(kernelX)_$(vector)_$(k)[$(lane)]
#endif
#end
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
#if RELU
      store(pixel, firstChannel + $(4 * vector)u, lastChannel, max(sum_$(y)_$(x)_$(vector), vec4f(0.0)));
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
