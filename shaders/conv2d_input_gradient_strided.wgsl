// Gradient of a convolution's input. Rows are input pixels, columns input channels, and the sum runs over the taps and
// the output channels: inputGradient[pixel, i] = Σ upstream[pixel that the tap leads to, o] · filters[tap, i, o]. Both
// operands lie along o in memory, so four of them meet in one dot product and the filters need no transposed copy.
//
// With UNPOOL, `upstream` is the gradient behind a 2×2 max-pool and `winners` says which pixel of each window it goes
// to (conv2d_forward.wgsl); the full-size gradient is rebuilt while loading.

#if VECTOR
var<storage> upstream: array<vec4f>;
#else
var<storage> upstream: array<f32>;
#endif
#if UNPOOL
var<storage> winners: array<u32>;
#endif
#if VECTOR
var<storage> filters: array<vec4f>;
#else
var<storage> filters: array<f32>;
#endif
var<storage> inputGradient: array<f32>;

@compute @workgroup_size(GROUP_COLUMNS, GROUP_ROWS)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let tile = workgroup.y * workgroupCount.x + workgroup.x;
  let columnTile = tile % (COLUMN_TILES * GROUPS);
  let group = columnTile / COLUMN_TILES;
  let column = ((columnTile % COLUMN_TILES) * GROUP_COLUMNS + local.x) * TILE_COLUMNS;
  let firstRow = ((tile / (COLUMN_TILES * GROUPS)) * GROUP_ROWS + local.y) * TILE_ROWS;
  if (firstRow >= ROWS || column >= GROUP_IN) { return; }

#unroll row 0 TILE_ROWS
  let pixel_$(row) = min(firstRow + $(row)u, ROWS - 1u);
  let paddedX_$(row) = pixel_$(row) % IN_WIDTH + PAD_LEFT;
  let paddedY_$(row) = (pixel_$(row) / IN_WIDTH) % IN_HEIGHT + PAD_TOP;
  let image_$(row) = pixel_$(row) / (IN_WIDTH * IN_HEIGHT);
#unroll column 0 TILE_COLUMNS
  var sum_$(row)_$(column) = 0.0;
#end
#end

  for (var kernelY = 0u; kernelY < KERNEL_HEIGHT; kernelY++) {
    for (var kernelX = 0u; kernelX < KERNEL_WIDTH; kernelX++) {
#unroll row 0 TILE_ROWS
      // A tap leads back to output pixel (padded - tap) / stride, where that is a whole number in range.
      let offsetX_$(row) = paddedX_$(row) - kernelX * DILATION_WIDTH;
      let offsetY_$(row) = paddedY_$(row) - kernelY * DILATION_HEIGHT;
      let outX_$(row) = offsetX_$(row) / STRIDE_WIDTH;
      let outY_$(row) = offsetY_$(row) / STRIDE_HEIGHT;
      // A negative offset wraps to a huge number, whose quotient could be anything: check the offset itself.
      let inside_$(row) = (offsetX_$(row) < REACH_WIDTH * STRIDE_WIDTH) & (offsetY_$(row) < REACH_HEIGHT * STRIDE_HEIGHT)
        & (offsetX_$(row) % STRIDE_WIDTH == 0u) & (offsetY_$(row) % STRIDE_HEIGHT == 0u);
#if UNPOOL
      let place_$(row) = (outY_$(row) & 1u) * 2u + (outX_$(row) & 1u);
      let pooled_$(row) = select(0u, (image_$(row) * POOLED_HEIGHT + outY_$(row) / 2u) * POOLED_WIDTH + outX_$(row) / 2u, inside_$(row));
#if VECTOR
      let start_$(row) = (pooled_$(row) * OUT_CHANNELS + group * GROUP_OUT) / 4u;
#else
      let start_$(row) = pooled_$(row) * OUT_CHANNELS + group * GROUP_OUT;
#endif
#else
      let start_$(row) = select(0u, ((image_$(row) * OUT_HEIGHT + outY_$(row)) * OUT_WIDTH + outX_$(row)) * OUT_CHANNELS + group * GROUP_OUT, inside_$(row))
#if VECTOR
        / 4u
#endif
        ;
#endif
#end
      let firstFilter = (kernelY * KERNEL_WIDTH + kernelX) * GROUP_IN;
#unroll column 0 TILE_COLUMNS
      let filters_$(column) = (firstFilter + min(column + $(column)u, GROUP_IN - 1u)) * OUT_CHANNELS + group * GROUP_OUT;
#end
      for (var chunk = 0u; chunk < CHUNKS; chunk++) {
#if VECTOR
#unroll row 0 TILE_ROWS
#if UNPOOL
        let code_$(row) = winners[start_$(row) + chunk];
        let won_$(row) = (vec4u(code_$(row), code_$(row) >> 8u, code_$(row) >> 16u, code_$(row) >> 24u) & vec4u(255u)) == vec4u(place_$(row));
        let a_$(row) = select(vec4f(0.0), upstream[start_$(row) + chunk], won_$(row) & vec4<bool>(inside_$(row)));
#else
        let a_$(row) = select(vec4f(0.0), upstream[start_$(row) + chunk], inside_$(row));
#endif
#end
#unroll column 0 TILE_COLUMNS
        let b_$(column) = filters[filters_$(column) / 4u + chunk];
#unroll row 0 TILE_ROWS
        sum_$(row)_$(column) += dot(a_$(row), b_$(column));
#end
#end
#else
#unroll row 0 TILE_ROWS
#if UNPOOL
        let channel_$(row) = group * GROUP_OUT + chunk;
        let code_$(row) = (winners[pooled_$(row) * WINNER_WORDS + channel_$(row) / 4u] >> (8u * (channel_$(row) % 4u))) & 255u;
        let a_$(row) = select(0.0, upstream[start_$(row) + chunk], inside_$(row) & (code_$(row) == place_$(row)));
#else
        let a_$(row) = select(0.0, upstream[start_$(row) + chunk], inside_$(row));
#endif
#end
#unroll column 0 TILE_COLUMNS
        let b_$(column) = filters[filters_$(column) + chunk];
#unroll row 0 TILE_ROWS
        sum_$(row)_$(column) += a_$(row) * b_$(column);
#end
#end
#endif
      }
    }
  }

#unroll row 0 TILE_ROWS
  if (firstRow + $(row)u < ROWS) {
#unroll column 0 TILE_COLUMNS
    if (column + $(column)u < GROUP_IN) {
      inputGradient[pixel_$(row) * IN_CHANNELS + group * GROUP_IN + column + $(column)u] = sum_$(row)_$(column);
    }
#end
  }
#end
}
