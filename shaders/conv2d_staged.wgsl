// Convolution as a matrix product whose left factor is never written down: a row for each output pixel, which holds what its
// window of the image does, KERNEL_HEIGHT · KERNEL_WIDTH · IN_CHANNELS values, times the filters, a column for each output channel.
//
// A workgroup computes TILE_ROWS pixels × TILE_COLUMNS channels. In turns of K_TILE input channels of one tap, its threads bring
// both factors into workgroup memory, a vec4 each at a time, and multiply from there: a thread 4 · ROW_VECTORS pixels by
// 4 · COLUMN_VECTORS channels. What a turn wants in registers is a few vectors of either side, beside the sums.
//
// With POOL rows are in the order of 2×2 windows, so that four sums of a thread are one window: the full-size result never
// reaches memory. Beside the pooled value goes a byte that says which of the four won (0–3, the first among equals), or 4 where
// ReLU lets no gradient back.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half
#include relu
#if SILU
#include silu
#endif

#include loaded_tensor input
#include loaded_tensor filters
#if HALF_OUTPUT
var<storage> output: array<vec2u>;
#else
var<storage> output: array<vec4f>;
#endif
#if BIAS
var<storage> bias: array<vec4f>;
#endif
#if POOL
var<storage> winners: array<u32>;
#endif
#if DERIVATIVE
// Of SiLU at each sum: what its gradient is multiplied by.
var<storage> derivative: array<vec4f>;
#endif

#include staged_memory

fn store(place: u32, values: vec4f) {
#if HALF_OUTPUT
  output[place] = packHalves(values);
#else
  output[place] = values;
#endif
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let tile = workgroup.y * workgroupCount.x + workgroup.x;
  let firstRow = (tile / COLUMN_TILES) * TILE_ROWS;
  let firstColumn = (tile % COLUMN_TILES) * $(TILE_COLUMNS / 4)u;
  if (firstRow >= ROWS) { return; }

  // The pixel of which this thread brings channels: the same all the way. Rows beyond the last repeat it, and are not stored.
  let ownRow = min(firstRow + thread % TILE_ROWS, ROWS - 1u);
#if POOL
  let ownX = (ownRow / 4u) % POOLED_WIDTH * 2u + ownRow % 2u;
  let ownY = (ownRow / (4u * POOLED_WIDTH)) % POOLED_HEIGHT * 2u + ownRow / 2u % 2u;
  let ownImage = ownRow / (4u * POOLED_WIDTH * POOLED_HEIGHT);
#else
  let ownX = ownRow % OUT_WIDTH;
  let ownY = (ownRow / OUT_WIDTH) % OUT_HEIGHT;
  let ownImage = ownRow / (OUT_WIDTH * OUT_HEIGHT);
#endif
  // The corner of its window. Above and left of the image unsigned places are huge, so that one comparison checks both edges.
  let cornerX = ownX * STRIDE_WIDTH - PAD_LEFT;
  let cornerY = ownY * STRIDE_HEIGHT - PAD_TOP;
  // The first vector of channels that it brings in a turn, and where its parts go.
  let ownVector = thread / TILE_ROWS;
  let pixelPlace = thread % TILE_ROWS / 4u;
  let pixelLane = thread % 4u;
  // The weights that it brings.
  let ownColumn = min(firstColumn + thread % $(TILE_COLUMNS / 4)u, $(OUT_CHANNELS / 4 - 1)u);
  let ownChannel = thread / $(TILE_COLUMNS / 4)u;

  // What it multiplies.
  let rowPlace = (thread / THREADS_ACROSS) * ROW_VECTORS;
  let columnPlace = thread % THREADS_ACROSS;
#unroll column 0 COLUMN_VECTORS
  let place_$(column) = firstColumn + columnPlace + $(column)u * THREADS_ACROSS;
#if BIAS
  let bias_$(column) = bias[min(place_$(column), $(OUT_CHANNELS / 4 - 1)u)];
#else
  let bias_$(column) = vec4f(0.0);
#endif
#unroll row 0 4 * ROW_VECTORS
  var sum_$(row)_$(column) = bias_$(column);
#end
#end

  for (var kernelY = 0u; kernelY < KERNEL_HEIGHT; kernelY++) {
    let inY = cornerY + kernelY * DILATION_HEIGHT;
    let line = (ownImage * IN_HEIGHT + min(inY, IN_HEIGHT - 1u)) * IN_WIDTH;
    for (var kernelX = 0u; kernelX < KERNEL_WIDTH; kernelX++) {
      let inX = cornerX + kernelX * DILATION_WIDTH;
      let isInside = (inY < IN_HEIGHT) & (inX < IN_WIDTH);
      let inputStart = (line + min(inX, IN_WIDTH - 1u)) * $(IN_CHANNELS / 4)u + ownVector;
      let filterStart =
        ((kernelY * KERNEL_WIDTH + kernelX) * IN_CHANNELS + ownChannel) * $(OUT_CHANNELS / 4)u + ownColumn;
      for (var turn = 0u; turn < $(IN_CHANNELS / K_TILE)u; turn++) {
#unroll load 0 PIXEL_LOADS
        let at_loaded_$(load) = inputStart + turn * $(K_TILE / 4)u + $(load * THREADS / TILE_ROWS)u;
#include load loaded_$(load) tensor=input
#end
#unroll load 0 WEIGHT_LOADS
        let at_weight_$(load) =
          filterStart + (turn * K_TILE + $(load * THREADS * 4 / TILE_COLUMNS)u) * $(OUT_CHANNELS / 4)u;
#include load weight_$(load) tensor=filters
#end
        // Everybody is through with the turn before.
        workgroupBarrier();
#unroll load 0 PIXEL_LOADS
#unroll lane 0 4
        pixels[(4u * (ownVector + $(load * THREADS / TILE_ROWS)u) + $(lane)u) * $(TILE_ROWS / 4)u + pixelPlace][pixelLane] =
          select(0.0, loaded_$(load)[$(lane)], isInside);
#end
#end
#unroll load 0 WEIGHT_LOADS
        weights[thread + $(load)u * THREADS] = weight_$(load);
#end
        workgroupBarrier();
#include staged_turn
      }
    }
  }

#unroll column 0 COLUMN_VECTORS
  if (place_$(column) < $(OUT_CHANNELS / 4)u) {
#unroll vector 0 ROW_VECTORS
#if POOL
    let window_$(vector)_$(column) = firstRow / 4u + rowPlace + $(vector)u;
    if (window_$(vector)_$(column) < $(ROWS / 4)u) {
      var most = sum_$(4 * vector)_$(column);
      var winner = vec4u(0u);
#unroll lane 1 4
      winner = select(winner, vec4u($(lane)u), sum_$(4 * vector + lane)_$(column) > most);
      most = max(most, sum_$(4 * vector + lane)_$(column));
#end
#if RELU
      winner = select(vec4u(4u), winner, most > vec4f(0.0));
      most = max(most, vec4f(0.0));
#endif
      let place = window_$(vector)_$(column) * $(OUT_CHANNELS / 4)u + place_$(column);
      store(place, most);
      winners[place] = winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u);
    }
#else
#unroll lane 0 4
    let row_$(vector)_$(lane)_$(column) = firstRow + 4u * rowPlace + $(4 * vector + lane)u;
    if (row_$(vector)_$(lane)_$(column) < ROWS) {
      let place = row_$(vector)_$(lane)_$(column) * $(OUT_CHANNELS / 4)u + place_$(column);
#if DERIVATIVE
      derivative[place] = siluDerivative(sum_$(4 * vector + lane)_$(column));
#endif
#if RELU
      store(place, relu(sum_$(4 * vector + lane)_$(column)));
#elif SILU
      store(place, silu(sum_$(4 * vector + lane)_$(column)));
#else
      store(place, sum_$(4 * vector + lane)_$(column));
#endif
    }
#end
#endif
#end
  }
#end
}
