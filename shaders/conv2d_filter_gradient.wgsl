// Gradient of a convolution's filters, and of its bias. The sum runs over every output pixel of every image and is cut
// into SLICES: each workgroup sums its share into partial results, which are added in a fixed order afterwards
// (optimizer_update.wgsl or sum_slices.wgsl), so that no atomics are needed and the bits are the same every time.
//
// A thread owns one input channel, TAP_ROWS rows of the kernel and four output channels: TAP_ROWS · KERNEL_WIDTH sums in
// registers. It walks over the output in blocks; for each it loads the patch of the image that the block's windows
// cover, so that every loaded pixel serves several taps, and every gradient all of them.
//
// With UNPOOL the gradient lies behind a 2×2 max-pool, and a block is one window: the pooled value and its winner are
// loaded once and stand for four gradients, three of them zero.

@group(0) @binding(0) var<storage, read> input: array<f32>;
#if VECTOR_OUT
@group(0) @binding(1) var<storage, read> upstream: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> upstream: array<f32>;
#endif
#if UNPOOL
@group(0) @binding(2) var<storage, read> winners: array<u32>;
#endif
#if VECTOR_OUT
@group(0) @binding($(UNPOOL + 2)) var<storage, read_write> filterPartials: array<vec4f>;
#else
@group(0) @binding($(UNPOOL + 2)) var<storage, read_write> filterPartials: array<f32>;
#endif
#if BIAS
@group(0) @binding($(UNPOOL + 3)) var<storage, read_write> biasPartials: array<f32>;
#endif

// Four gradients of a pixel; channels beyond the last repeat it, and are not stored.
fn loadUpstream(pixel: u32, channels: vec4u) -> vec4f {
  let start = pixel * OUT_CHANNELS;
#if VECTOR_OUT
  return upstream[(start + channels.x) / 4u];
#else
  return vec4f(upstream[start + channels.x], upstream[start + channels.y], upstream[start + channels.z], upstream[start + channels.w]);
#endif
}

#if UNPOOL
// The winner of each of four channels. A word holds four channels that begin at a multiple of four; groups need not.
fn loadWinners(pixel: u32, channels: vec4u) -> vec4u {
#if VECTOR_OUT
  return (vec4u(winners[pixel * WINNER_WORDS + channels.x / 4u]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
#else
  let start = pixel * WINNER_WORDS;
  let words = vec4u(
    winners[start + channels.x / 4u],
    winners[start + channels.y / 4u],
    winners[start + channels.z / 4u],
    winners[start + channels.w / 4u],
  );
  return (words >> (8u * (channels % vec4u(4u)))) & vec4u(255u);
#endif
}
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_ROWS)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) workgroup: vec3u) {
  let slice = workgroup.z;
  let column = workgroup.y * GROUP_COLUMNS + local.x;
  let row = workgroup.x * GROUP_ROWS + local.y;
  if (row >= CHANNEL_ROWS || column >= COLUMNS) { return; }

  let group = column / COLUMNS_PER_GROUP;
  let firstOut = group * GROUP_OUT + (column % COLUMNS_PER_GROUP) * 4u;
  let lastOut = (group + 1u) * GROUP_OUT - 1u;
  let channels = min(vec4u(firstOut) + vec4u(0u, 1u, 2u, 3u), vec4u(lastOut));
  let kernelY = (row / GROUP_IN) * TAP_ROWS;
  let channel = row % GROUP_IN;

#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
  var sum_$(tapY)_$(tapX) = vec4f(0.0);
#end
#end
  var biasSum = vec4f(0.0);

  // A line is one row of blocks of one image.
  for (var line = 0u; line < LINES_PER_SLICE; line++) {
    let imageLine = slice * LINES_PER_SLICE + line;
    if (imageLine < LINES) {
      let image = imageLine / LINES_PER_IMAGE;
      let lineY = (imageLine % LINES_PER_IMAGE) * BLOCK_HEIGHT;
#unroll y 0 PATCH_HEIGHT
      // Above the image the unsigned row is huge: one comparison checks both edges.
      let inY_$(y) = lineY * STRIDE_HEIGHT + kernelY * DILATION_HEIGHT + $(y)u - PAD_TOP;
      let insideY_$(y) = inY_$(y) < IN_HEIGHT;
      let inRow_$(y) = (image * IN_HEIGHT + inY_$(y)) * IN_WIDTH;
#end
      for (var block = 0u; block < BLOCKS_PER_LINE; block++) {
#if UNPOOL
        let pixel = imageLine * BLOCKS_PER_LINE + block;
        let value = loadUpstream(pixel, channels);
        let winner = loadWinners(pixel, channels);
#unroll place 0 4
        let gradient_$(place / 2)_$(place % 2) = select(vec4f(0.0), value, winner == vec4u($(place)u));
#end
#if BIAS
        biasSum += select(vec4f(0.0), value, winner < vec4u(4u));
#endif
#else
#unroll x 0 BLOCK_WIDTH
        let outX_$(x) = block * BLOCK_WIDTH + $(x)u;
        let gradient_0_$(x) = select(vec4f(0.0), loadUpstream(imageLine * OUT_WIDTH + min(outX_$(x), OUT_WIDTH - 1u), channels), outX_$(x) < OUT_WIDTH);
#if BIAS
        biasSum += gradient_0_$(x);
#endif
#end
#endif
#unroll x 0 PATCH_WIDTH
        let inX_$(x) = block * (BLOCK_WIDTH * STRIDE_WIDTH) + $(x)u - PAD_LEFT;
        let insideX_$(x) = inX_$(x) < IN_WIDTH;
#unroll y 0 PATCH_HEIGHT
        let inside_$(y)_$(x) = insideX_$(x) & insideY_$(y);
        let pixel_$(y)_$(x) = select(
          0.0,
          input[select(0u, (inRow_$(y) + inX_$(x)) * IN_CHANNELS + group * GROUP_IN + channel, inside_$(y)_$(x))],
          inside_$(y)_$(x),
        );
#end
#end
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
        sum_$(tapY)_$(tapX) += pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + tapX * DILATION_WIDTH) * gradient_$(y)_$(x);
#end
#end
#end
#end
      }
    }
  }

#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
  {
    let start = slice * FILTER_STRIDE + (((kernelY + $(tapY)u) * KERNEL_WIDTH + $(tapX)u) * GROUP_IN + channel) * OUT_CHANNELS + firstOut;
#if VECTOR_OUT
    filterPartials[start / 4u] = sum_$(tapY)_$(tapX);
#else
#unroll lane 0 4
    if (firstOut + $(lane)u <= lastOut) { filterPartials[start + $(lane)u] = sum_$(tapY)_$(tapX)[$(lane)]; }
#end
#endif
  }
#end
#end
#if BIAS
  if (row == 0u) {
#unroll lane 0 4
    if (firstOut + $(lane)u <= lastOut) { biasPartials[slice * BIAS_STRIDE + firstOut + $(lane)u] = biasSum[$(lane)]; }
#end
  }
#endif
}
