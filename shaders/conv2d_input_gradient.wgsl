// Gradient of the input of a convolution with strides 1 (others: conv2d_input_gradient_strided.wgsl):
//
//     inputGradient[y, x, i] = Σ over taps and o of upstream[y + PAD_TOP - tapY, x + PAD_LEFT - tapX, o] · filters[tap, i, o]
//
// A thread keeps a block of BLOCK_HEIGHT × BLOCK_WIDTH input pixels × 4 · VECTORS input channels in registers. For each output
// channel (or four, CHANNEL_UNIT) it loads the patch of the upstream gradient that reaches the block: each loaded
// gradient serves up to KERNEL_WIDTH pixels, each weight all pixels of the block. Both operands lie along o in
// memory, so four of them meet in dot products (vector · matrix) and the filters need no transposed copy. Taps are
// walked backwards, so that the patch moves forwards. The loop runs over rows of the kernel, columns are unrolled.
//
// With UNPOOL, `upstream` is the gradient behind a 2×2 max-pool and `winners` says which pixel of each window it goes
// to (conv2d_forward.wgsl); the full-size gradient is rebuilt while loading. BLOCK_WIDTH is even then, so that which
// column of its window a column of the patch is does not depend on the block: it is the parity of x + WINDOW_PHASE.
//
// Groups: with PER_LANE (groups of a few channels, depthwise above all) the input channels of all groups are treated as one
// row, and each of a vector's four channels reads the gradients of its own group.

#if CHANNEL_UNIT == 4 || PER_LANE == 2
alias Upstream = vec4f;
#else
alias Upstream = f32;
#endif
// What one pixel of the patch is: a value, four channels of a pixel, or a value for each of four input channels.
#if CHANNEL_UNIT == 4 || PER_LANE > 0
alias Pixel = vec4f;
alias Codes = vec4u;
#else
alias Pixel = f32;
alias Codes = u32;
#endif
#if VECTOR_IN
alias Result = vec4f;
#else
alias Result = f32;
#endif

@group(0) @binding(0) var<storage, read> upstream: array<Upstream>;
#if UNPOOL
@group(0) @binding(1) var<storage, read> winners: array<u32>;
#endif
#if CHANNEL_UNIT == 4 || PER_LANE == 2
@group(0) @binding($(UNPOOL + 1)) var<storage, read> filters: array<vec4f>;
#else
@group(0) @binding($(UNPOOL + 1)) var<storage, read> filters: array<f32>;
#endif
@group(0) @binding($(UNPOOL + 2)) var<storage, read_write> inputGradient: array<Result>;

const LANES = vec4u(0u, 1u, 2u, 3u);

// `pixel` counts pixels of `upstream`, pooled ones with UNPOOL; `chunk` is an output channel of the group, or four.
#if PER_LANE == 1
fn loadPixel(pixel: u32, groups: vec4u, chunk: u32) -> Pixel {
  let places = vec4u(pixel * OUT_CHANNELS + chunk) + groups * GROUP_OUT;
  return vec4f(upstream[places.x], upstream[places.y], upstream[places.z], upstream[places.w]);
}
#elif PER_LANE == 2
fn loadPixel(pixel: u32, groups: vec4u, chunk: u32) -> Pixel {
  return upstream[pixel * (OUT_CHANNELS / 4u) + groups.x / 4u];
}
#else
fn loadPixel(pixel: u32, group: u32, chunk: u32) -> Pixel {
  return upstream[(pixel * OUT_CHANNELS + group * GROUP_OUT) / CHANNEL_UNIT + chunk];
}
#endif

#if UNPOOL
// Winners lie in the bytes of a word. Where all four are wanted they are compared in place, which is cheaper than
// shifting them down.
#if CHANNEL_UNIT == 4 || PER_LANE == 2
const BYTES = vec4u(0x000000ffu, 0x0000ff00u, 0x00ff0000u, 0xff000000u);
const CODE_ONE = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
#else
const CODE_ONE = Codes(1u);
#endif
#if PER_LANE == 1
fn loadCodes(pixel: u32, groups: vec4u, chunk: u32) -> Codes {
  let channels = vec4u(chunk) + groups * GROUP_OUT;
  let words = vec4u(pixel * WINNER_WORDS) + channels / 4u;
  return (vec4u(winners[words.x], winners[words.y], winners[words.z], winners[words.w]) >> (8u * (channels % 4u))) & vec4u(255u);
}
#elif PER_LANE == 2
fn loadCodes(pixel: u32, groups: vec4u, chunk: u32) -> Codes {
  return vec4u(winners[pixel * WINNER_WORDS + groups.x / 4u]) & BYTES;
}
#elif CHANNEL_UNIT == 4
fn loadCodes(pixel: u32, group: u32, chunk: u32) -> Codes {
  return vec4u(winners[pixel * WINNER_WORDS + group * (GROUP_OUT / 4u) + chunk]) & BYTES;
}
#else
fn loadCodes(pixel: u32, group: u32, chunk: u32) -> Codes {
  let channel = group * GROUP_OUT + chunk;
  return (winners[pixel * WINNER_WORDS + channel / 4u] >> (8u * (channel % 4u))) & 255u;
}
#endif
#endif

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

  // Channels beyond the last repeat it, and are not stored.
  let columnGroup = column / COLUMNS_PER_GROUP;
  let firstChannel = columnGroup * CHANNELS_PER_GROUP + (column % COLUMNS_PER_GROUP) * (4u * VECTORS);
  let lastChannel = (columnGroup + 1u) * CHANNELS_PER_GROUP - 1u;
#unroll vector 0 VECTORS
  let channels_$(vector) = min(vec4u(firstChannel + $(4 * vector)u) + LANES, vec4u(lastChannel));
#end
#if PER_LANE
  let group = channels_0 / GROUP_IN;
#else
  let group = columnGroup;
#endif

  let blockX = (block % BLOCKS_ACROSS) * BLOCK_WIDTH;
  let blockY = ((block / BLOCKS_ACROSS) % BLOCKS_DOWN) * BLOCK_HEIGHT;
  let image = block / (BLOCKS_ACROSS * BLOCKS_DOWN);
  // The patch's top left corner. Left of and above the gradient unsigned coordinates are huge, so that one comparison
  // checks both edges.
  let patchX = blockX + PAD_LEFT - (KERNEL_WIDTH - 1u) * DILATION_WIDTH;
  let patchY = blockY + PAD_TOP - (KERNEL_HEIGHT - 1u) * DILATION_HEIGHT;
#if UNPOOL
  let windowX = u32(i32(patchX - WINDOW_PHASE) / 2);
#unroll x 0 PATCH_WINDOWS
  let upstreamX_$(x) = windowX + $(x)u;
  let insideX_$(x) = upstreamX_$(x) < POOLED_WIDTH;
#end
#else
#unroll x 0 PATCH_WIDTH
  let upstreamX_$(x) = patchX + $(x)u;
  let insideX_$(x) = upstreamX_$(x) < OUT_WIDTH;
#end
#endif

#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
#unroll vector 0 VECTORS
  var sum_$(y)_$(x)_$(vector) = vec4f(0.0);
#end
#end
#end

  for (var kernelY = 0u; kernelY < KERNEL_HEIGHT; kernelY++) {
    // Where each pixel of the patch is in the gradient; pixels outside read the first one, and count as zero.
#unroll y 0 BLOCK_HEIGHT
    let row_$(y) = patchY + kernelY * DILATION_HEIGHT + $(y)u;
#if UNPOOL
    let upstreamY_$(y) = row_$(y) / 2u;
    let firstPlace_$(y) = (row_$(y) % 2u) * 2u;
    let insideY_$(y) = upstreamY_$(y) < POOLED_HEIGHT;
    let upstreamRow_$(y) = (image * POOLED_HEIGHT + upstreamY_$(y)) * POOLED_WIDTH;
#unroll x 0 PATCH_WINDOWS
    let inside_$(y)_$(x) = insideY_$(y) & insideX_$(x);
    let pixel_$(y)_$(x) = select(0u, upstreamRow_$(y) + upstreamX_$(x), inside_$(y)_$(x));
    // No pixel of a window outside has won.
    let leftPlace_$(y)_$(x) = select(8u, firstPlace_$(y), inside_$(y)_$(x)) * CODE_ONE;
    let rightPlace_$(y)_$(x) = leftPlace_$(y)_$(x) + CODE_ONE;
#end
#else
    let insideY_$(y) = row_$(y) < OUT_HEIGHT;
    let upstreamRow_$(y) = (image * OUT_HEIGHT + row_$(y)) * OUT_WIDTH;
#unroll x 0 PATCH_WIDTH
    let inside_$(y)_$(x) = insideY_$(y) & insideX_$(x);
    let pixel_$(y)_$(x) = select(0u, upstreamRow_$(y) + upstreamX_$(x), inside_$(y)_$(x));
#end
#endif
#end
    for (var chunk = 0u; chunk < GROUP_OUT / CHANNEL_UNIT; chunk++) {
#unroll y 0 BLOCK_HEIGHT
#if UNPOOL
#unroll x 0 PATCH_WINDOWS
      let value_$(y)_$(x) = loadPixel(pixel_$(y)_$(x), group, chunk);
      let codes_$(y)_$(x) = loadCodes(pixel_$(y)_$(x), group, chunk);
#end
#unroll x 0 PATCH_WIDTH
#if (x + WINDOW_PHASE) % 2 == 0
      let gradient_$(y)_$(x) = select(Pixel(0.0), value_$(y)_$((x + WINDOW_PHASE) / 2), codes_$(y)_$((x + WINDOW_PHASE) / 2) == leftPlace_$(y)_$((x + WINDOW_PHASE) / 2));
#else
      let gradient_$(y)_$(x) = select(Pixel(0.0), value_$(y)_$((x + WINDOW_PHASE) / 2), codes_$(y)_$((x + WINDOW_PHASE) / 2) == rightPlace_$(y)_$((x + WINDOW_PHASE) / 2));
#endif
#end
#else
#unroll x 0 PATCH_WIDTH
      let gradient_$(y)_$(x) = select(Pixel(0.0), loadPixel(pixel_$(y)_$(x), group, chunk), inside_$(y)_$(x));
#end
#endif
#end
#unroll kernelX 0 KERNEL_WIDTH
      let tap_$(kernelX) = (KERNEL_HEIGHT - 1u - kernelY) * KERNEL_WIDTH + $(KERNEL_WIDTH - 1 - kernelX)u;
#unroll vector 0 VECTORS
#if PER_LANE == 2
      let filter_$(kernelX)_$(vector) = filters[tap_$(kernelX) * (OUT_CHANNELS / 4u) + firstChannel / 4u];
#elif PER_LANE == 1
      let places_$(kernelX)_$(vector) = (vec4u(tap_$(kernelX) * GROUP_IN) + channels_0 % GROUP_IN) * OUT_CHANNELS + group * GROUP_OUT + vec4u(chunk);
#else
      let places_$(kernelX)_$(vector) =
        ((vec4u(tap_$(kernelX) * GROUP_IN) + channels_$(vector) - vec4u(group * GROUP_IN)) * OUT_CHANNELS + vec4u(group * GROUP_OUT)) / CHANNEL_UNIT + vec4u(chunk);
#endif
#if PER_LANE < 2
#unroll lane 0 4
      let filter_$(kernelX)_$(vector)_$(lane) = filters[places_$(kernelX)_$(vector)[$(lane)]];
#end
#endif
#end
#end
      // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters.
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
#unroll vector 0 VECTORS
      sum_$(y)_$(x)_$(vector) = vec4f(
#unroll lane 0 4
        sum_$(y)_$(x)_$(vector)[$(lane)]
#unroll kernelX 0 KERNEL_WIDTH
#unroll k 0 CHANNEL_UNIT
#if PER_LANE == 2
          + gradient_$(y)_$(x + kernelX * DILATION_WIDTH)[$(lane)] * filter_$(kernelX)_$(vector)[$(lane)]
#elif PER_LANE == 1
          + gradient_$(y)_$(x + kernelX * DILATION_WIDTH)[$(lane)] * filter_$(kernelX)_$(vector)_$(lane)
#elif CHANNEL_UNIT == 4
          + gradient_$(y)_$(x + kernelX * DILATION_WIDTH)[$(k)] * filter_$(kernelX)_$(vector)_$(lane)[$(k)]
#else
          + gradient_$(y)_$(x + kernelX * DILATION_WIDTH) * filter_$(kernelX)_$(vector)_$(lane)
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
#if VECTOR_IN
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
