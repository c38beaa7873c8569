// Gradient of a convolution's filters, and of its bias. The sum runs over every output pixel of every image and is cut
// into SLICES: each workgroup sums its share into partial results, which are added in a fixed order afterwards
// (optimizer_update.wgsl or sum_slices.wgsl), so that no atomics are needed and the bits are the same every time.
//
// A unit is UNIT (4 or 1) input channels of one tap. A thread keeps TILE_UNITS units by 4 · TILE_VECTORS output channels in
// registers; each gradient that it loads serves all units, each input all channels.
//
// With UNPOOL the gradient lies behind a 2×2 max-pool: a pooled value and its winner are loaded once and meet the four
// pixels of the window in turn.

#if UNIT == 4
@group(0) @binding(0) var<storage, read> input: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> input: array<f32>;
#endif
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

// Four gradients of a pixel; columns beyond the group are not stored.
fn loadUpstream(pixel: u32, firstChannel: u32, column: u32) -> vec4f {
#if VECTOR_OUT
  return upstream[(pixel * OUT_CHANNELS + firstChannel + min(column, GROUP_OUT - 4u)) / 4u];
#else
  let start = pixel * OUT_CHANNELS + firstChannel;
  return vec4f(
    upstream[start + min(column, GROUP_OUT - 1u)],
    upstream[start + min(column + 1u, GROUP_OUT - 1u)],
    upstream[start + min(column + 2u, GROUP_OUT - 1u)],
    upstream[start + min(column + 3u, GROUP_OUT - 1u)],
  );
#endif
}

#if UNPOOL
fn loadWinners(pixel: u32, channel: u32) -> vec4u {
  let word = winners[pixel * WINNER_WORDS + min(channel / 4u, WINNER_WORDS - 1u)];
  return vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
}
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_ROWS)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
) {
  let slice = workgroup.z;
  let group = workgroup.y / COLUMN_TILES;
  let firstChannel = group * GROUP_OUT;
  let column = ((workgroup.y % COLUMN_TILES) * GROUP_COLUMNS + local.x) * (4u * TILE_VECTORS);
  let firstUnit = (workgroup.x * GROUP_ROWS + local.y) * TILE_UNITS;
  if (firstUnit >= UNITS || column >= GROUP_OUT) { return; }

  // Each unit's tap and channels. Units beyond the end repeat the last one and are not stored.
#unroll unit 0 TILE_UNITS
  let unit_$(unit) = min(firstUnit + $(unit)u, UNITS - 1u);
  let tap_$(unit) = unit_$(unit) / (GROUP_IN / UNIT);
  let channel_$(unit) = group * GROUP_IN + (unit_$(unit) % (GROUP_IN / UNIT)) * UNIT;
  let tapX_$(unit) = i32((tap_$(unit) % KERNEL_WIDTH) * DILATION_WIDTH) - i32(PAD_LEFT);
  let tapY_$(unit) = i32((tap_$(unit) / KERNEL_WIDTH) * DILATION_HEIGHT) - i32(PAD_TOP);
#unroll vector 0 TILE_VECTORS
#unroll lane 0 UNIT
  var sum_$(unit)_$(lane)_$(vector) = vec4f(0.0);
#end
#end
#end
#unroll vector 0 TILE_VECTORS
  var biasSum_$(vector) = vec4f(0.0);
#end

  // A line is one row of pixels (of pooled pixels with UNPOOL) of one image.
  for (var line = 0u; line < LINES_PER_SLICE; line++) {
    let imageLine = slice * LINES_PER_SLICE + line;
    if (imageLine < LINES) {
      let image = imageLine / LINES_PER_IMAGE;
      let lineY = imageLine % LINES_PER_IMAGE;
      for (var pixelX = 0u; pixelX < PIXELS_PER_LINE; pixelX++) {
        let pixel = imageLine * PIXELS_PER_LINE + pixelX;
#unroll vector 0 TILE_VECTORS
        let value_$(vector) = loadUpstream(pixel, firstChannel, column + $(4 * vector)u);
#if UNPOOL
        let winner_$(vector) = loadWinners(pixel, firstChannel + column + $(4 * vector)u);
#if BIAS
        biasSum_$(vector) += select(vec4f(0.0), value_$(vector), winner_$(vector) < vec4u(4u));
#endif
#else
#if BIAS
        biasSum_$(vector) += value_$(vector);
#endif
#endif
#end
#if UNPOOL
        for (var place = 0u; place < 4u; place++) {
          let outX = 2u * pixelX + place % 2u;
          let outY = 2u * lineY + place / 2u;
#else
        {
          let outX = pixelX;
          let outY = lineY;
#endif
#unroll vector 0 TILE_VECTORS
#if UNPOOL
          let gradient_$(vector) = select(vec4f(0.0), value_$(vector), winner_$(vector) == vec4u(place));
#else
          let gradient_$(vector) = value_$(vector);
#endif
#end
#unroll unit 0 TILE_UNITS
          let inX_$(unit) = u32(i32(outX * STRIDE_WIDTH) + tapX_$(unit));
          let inY_$(unit) = u32(i32(outY * STRIDE_HEIGHT) + tapY_$(unit));
          let inside_$(unit) = (inX_$(unit) < IN_WIDTH) & (inY_$(unit) < IN_HEIGHT);
          let at_$(unit) = select(0u, ((image * IN_HEIGHT + inY_$(unit)) * IN_WIDTH + inX_$(unit)) * IN_CHANNELS + channel_$(unit), inside_$(unit));
#if UNIT == 4
          let values_$(unit) = select(vec4f(0.0), input[at_$(unit) / 4u], inside_$(unit));
#else
          let values_$(unit) = select(0.0, input[at_$(unit)], inside_$(unit));
#endif
#unroll vector 0 TILE_VECTORS
#if UNIT == 4
#unroll lane 0 4
          sum_$(unit)_$(lane)_$(vector) += values_$(unit)[$(lane)] * gradient_$(vector);
#end
#else
          sum_$(unit)_0_$(vector) += values_$(unit) * gradient_$(vector);
#endif
#end
#end
        }
      }
    }
  }

#unroll unit 0 TILE_UNITS
  if (firstUnit + $(unit)u < UNITS) {
#unroll lane 0 UNIT
    let filterStart_$(unit)_$(lane) = slice * FILTER_STRIDE + (unit_$(unit) * UNIT + $(lane)u) * OUT_CHANNELS + firstChannel;
#unroll vector 0 TILE_VECTORS
#if VECTOR_OUT
    if (column + $(4 * vector)u < GROUP_OUT) {
      filterPartials[(filterStart_$(unit)_$(lane) + column) / 4u + $(vector)u] = sum_$(unit)_$(lane)_$(vector);
    }
#else
#unroll part 0 4
    if (column + $(4 * vector + part)u < GROUP_OUT) {
      filterPartials[filterStart_$(unit)_$(lane) + column + $(4 * vector + part)u] = sum_$(unit)_$(lane)_$(vector)[$(part)];
    }
#end
#endif
#end
#end
  }
#end
#if BIAS
  if (firstUnit == 0u) {
#unroll vector 0 TILE_VECTORS
#unroll part 0 4
    if (column + $(4 * vector + part)u < GROUP_OUT) {
      biasPartials[slice * BIAS_STRIDE + firstChannel + column + $(4 * vector + part)u] = biasSum_$(vector)[$(part)];
    }
#end
#end
  }
#endif
}
