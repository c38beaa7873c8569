// Convolution [BATCH, IN_HEIGHT, IN_WIDTH, IN_CHANNELS] * [KERNEL_HEIGHT, KERNEL_WIDTH, GROUP_IN, OUT_CHANNELS], as a matrix
// product that never builds its left matrix: rows are output pixels, columns output channels, and the sum runs over
// the taps of the kernel and, within a tap, over the input channels. A thread keeps TILE_ROWS rows of 4 · TILE_VECTORS
// columns in registers; where a row reads in the image is worked out once a tap.
//
// With POOL, four consecutive rows of a thread are one 2×2 window, so the pool is a matter of registers: the full-size
// result never reaches memory. Beside the pooled value goes a byte that says which of the four won (0–3, the first
// among equals), or 4 where ReLU lets no gradient back.

#if VECTOR_IN
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

// Four weights: filters[k, column … column + 3], where k counts taps and channels. Columns beyond the group repeat its
// last one and are not stored.
fn loadFilters(k: u32, firstChannel: u32, column: u32) -> vec4f {
#if VECTOR_OUT
  return filters[(k * OUT_CHANNELS + firstChannel + min(column, GROUP_OUT - 4u)) / 4u];
#else
  let start = k * OUT_CHANNELS + firstChannel;
  return vec4f(
    filters[start + min(column, GROUP_OUT - 1u)],
    filters[start + min(column + 1u, GROUP_OUT - 1u)],
    filters[start + min(column + 2u, GROUP_OUT - 1u)],
    filters[start + min(column + 3u, GROUP_OUT - 1u)],
  );
#endif
}

#if BIAS
fn loadBias(firstChannel: u32, column: u32) -> vec4f {
  return vec4f(
    bias[firstChannel + min(column, GROUP_OUT - 1u)],
    bias[firstChannel + min(column + 1u, GROUP_OUT - 1u)],
    bias[firstChannel + min(column + 2u, GROUP_OUT - 1u)],
    bias[firstChannel + min(column + 3u, GROUP_OUT - 1u)],
  );
}
#endif

fn store(pixel: u32, firstChannel: u32, column: u32, values: vec4f) {
#if VECTOR_OUT
  if (column < GROUP_OUT) { output[(pixel * OUT_CHANNELS + firstChannel + column) / 4u] = values; }
#else
#unroll lane 0 4
  if (column + $(lane)u < GROUP_OUT) { output[pixel * OUT_CHANNELS + firstChannel + column + $(lane)u] = values[$(lane)]; }
#end
#endif
}

@compute @workgroup_size(GROUP_COLUMNS, GROUP_ROWS)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let tile = workgroup.y * workgroupCount.x + workgroup.x;
  let columnTile = tile % (COLUMN_TILES * GROUPS);
  let group = columnTile / COLUMN_TILES;
  let firstChannel = group * GROUP_OUT;
  let column = ((columnTile % COLUMN_TILES) * GROUP_COLUMNS + local.x) * (4u * TILE_VECTORS);
  let firstRow = ((tile / (COLUMN_TILES * GROUPS)) * GROUP_ROWS + local.y) * TILE_ROWS;
  if (firstRow >= ROWS || column >= GROUP_OUT) { return; }

  // Where each row's window starts in the image. Rows beyond the end repeat the last one and are not stored.
#unroll row 0 TILE_ROWS
#if POOL
  let window_$(row) = min(firstRow / 4u + $(row / 4)u, ROWS / 4u - 1u);
  let x_$(row) = 2u * (window_$(row) % POOLED_WIDTH) + $(row % 2)u;
  let y_$(row) = 2u * ((window_$(row) / POOLED_WIDTH) % POOLED_HEIGHT) + $(row % 4 / 2)u;
  let image_$(row) = window_$(row) / (POOLED_WIDTH * POOLED_HEIGHT);
#else
  let pixel_$(row) = min(firstRow + $(row)u, ROWS - 1u);
  let x_$(row) = pixel_$(row) % OUT_WIDTH;
  let y_$(row) = (pixel_$(row) / OUT_WIDTH) % OUT_HEIGHT;
  let image_$(row) = pixel_$(row) / (OUT_WIDTH * OUT_HEIGHT);
#endif
  let inX_$(row) = i32(x_$(row) * STRIDE_WIDTH) - i32(PAD_LEFT);
  let inY_$(row) = i32(y_$(row) * STRIDE_HEIGHT) - i32(PAD_TOP);
  let imageStart_$(row) = image_$(row) * (IN_HEIGHT * IN_WIDTH);
#unroll vector 0 TILE_VECTORS
  var sum_$(row)_$(vector) = vec4f(0.0);
#end
#end

  for (var kernelY = 0u; kernelY < KERNEL_HEIGHT; kernelY++) {
    for (var kernelX = 0u; kernelX < KERNEL_WIDTH; kernelX++) {
#unroll row 0 TILE_ROWS
      // Left of and above the image, the unsigned coordinate is huge: one comparison checks both edges.
      let tapX_$(row) = u32(inX_$(row) + i32(kernelX * DILATION_WIDTH));
      let tapY_$(row) = u32(inY_$(row) + i32(kernelY * DILATION_HEIGHT));
      let inside_$(row) = tapX_$(row) < IN_WIDTH && tapY_$(row) < IN_HEIGHT;
      let start_$(row) = select(0u, (imageStart_$(row) + tapY_$(row) * IN_WIDTH + tapX_$(row)) * IN_CHANNELS + group * GROUP_IN, inside_$(row))
#if VECTOR_IN
        / 4u
#endif
        ;
#end
      let firstK = (kernelY * KERNEL_WIDTH + kernelX) * GROUP_IN;
      for (var chunk = 0u; chunk < CHUNKS; chunk++) {
#if VECTOR_IN
#unroll row 0 TILE_ROWS
        let a_$(row) = select(vec4f(0.0), input[start_$(row) + chunk], inside_$(row));
#end
#unroll k 0 4
#unroll vector 0 TILE_VECTORS
        let b_$(k)_$(vector) = loadFilters(firstK + 4u * chunk + $(k)u, firstChannel, column + $(4 * vector)u);
#unroll row 0 TILE_ROWS
        sum_$(row)_$(vector) += a_$(row)[$(k)] * b_$(k)_$(vector);
#end
#end
#end
#else
#unroll row 0 TILE_ROWS
        let a_$(row) = select(0.0, input[start_$(row) + chunk], inside_$(row));
#end
#unroll vector 0 TILE_VECTORS
        let b_$(vector) = loadFilters(firstK + chunk, firstChannel, column + $(4 * vector)u);
#unroll row 0 TILE_ROWS
        sum_$(row)_$(vector) += a_$(row) * b_$(vector);
#end
#end
#endif
      }
    }
  }

#unroll vector 0 TILE_VECTORS
#if BIAS
  let bias_$(vector) = loadBias(firstChannel, column + $(4 * vector)u);
#unroll row 0 TILE_ROWS
  sum_$(row)_$(vector) += bias_$(vector);
#end
#endif
#if POOL
#unroll window 0 TILE_ROWS / 4
  if (firstRow + $(4 * window)u < ROWS && column + $(4 * vector)u < GROUP_OUT) {
    var most = sum_$(4 * window)_$(vector);
    var winner = vec4u(0u);
#unroll place 1 4
    winner = select(winner, vec4u($(place)u), sum_$(4 * window + place)_$(vector) > most);
    most = max(most, sum_$(4 * window + place)_$(vector));
#end
    winner = select(vec4u(4u), winner, most > vec4f(0.0));
    let channels = vec4u(column + $(4 * vector)u) + vec4u(0u, 1u, 2u, 3u);
    winner = select(vec4u(4u), winner, channels < vec4u(GROUP_OUT));
    store(window_$(4 * window), firstChannel, column + $(4 * vector)u, max(most, vec4f(0.0)));
    winners[window_$(4 * window) * WINNER_WORDS + (firstChannel + column) / 4u + $(vector)u] =
      winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u);
  }
#end
#else
#unroll row 0 TILE_ROWS
  if (firstRow + $(row)u < ROWS) {
#if RELU
    store(pixel_$(row), firstChannel, column + $(4 * vector)u, max(sum_$(row)_$(vector), vec4f(0.0)));
#else
    store(pixel_$(row), firstChannel, column + $(4 * vector)u, sum_$(row)_$(vector));
#endif
  }
#end
#endif
#end
}
