// Gradient of the input of a convolution with strides 1, as a matrix product whose left factor is never written down:
//
//     inputGradient[y, x, i] = Σ over taps and o of upstream[y + PAD_TOP - tapY, x + PAD_LEFT - tapX, o] · filters[tap, i, o]
//
// A row for each input pixel, which holds the gradients that reach it, times the filters, a column for each input channel. Both
// factors go through workgroup memory in turns of K_TILE output channels of one tap, as in conv2d_staged.wgsl; both lie along the
// output channels in memory, so both are turned round on the way.
//
// With UNPOOL, `upstream` is the gradient behind a 2×2 max-pool and `winners` says which pixel of each window it goes to
// (conv2d_forward.wgsl); the full-size gradient is rebuilt while loading.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half

#include loaded_tensor upstream
#include loaded_tensor filters
#if HALF_OUTPUT
var<storage> inputGradient: array<vec2u>;
#else
var<storage> inputGradient: array<vec4f>;
#endif
#if UNPOOL
var<storage> winners: array<u32, UPSTREAM_LENGTH>;

// The code 1 where it lies in a word of winners, for each of four channels.
const CODE_ONE = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
#endif
#if SCALED
// Of the activation before which the gradient is wanted, and behind which `upstream` is.
var<storage> derivative: array<vec4f>;
#endif

#include staged_memory

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

  // The pixel of which this thread brings gradients: the same all the way. Rows beyond the last repeat it, and are not stored.
  let ownRow = min(firstRow + thread % TILE_ROWS, ROWS - 1u);
  // Left of and above the gradient unsigned places are huge, so that one comparison checks both edges.
  let cornerX = ownRow % IN_WIDTH + PAD_LEFT;
  let cornerY = (ownRow / IN_WIDTH) % IN_HEIGHT + PAD_TOP;
  let ownImage = ownRow / (IN_WIDTH * IN_HEIGHT);
  // The first vector of output channels that it brings in a turn, and where its parts go.
  let ownVector = thread / TILE_ROWS;
  let pixelPlace = thread % TILE_ROWS / 4u;
  let pixelLane = thread % 4u;

  // What it multiplies.
  let rowPlace = (thread / THREADS_ACROSS) * ROW_VECTORS;
  let columnPlace = thread % THREADS_ACROSS;
#unroll column 0 COLUMN_VECTORS
#unroll row 0 4 * ROW_VECTORS
  var sum_$(row)_$(column) = vec4f(0.0);
#end
#end

  for (var kernelY = 0u; kernelY < KERNEL_HEIGHT; kernelY++) {
    let outY = cornerY - kernelY * DILATION_HEIGHT;
    for (var kernelX = 0u; kernelX < KERNEL_WIDTH; kernelX++) {
      let outX = cornerX - kernelX * DILATION_WIDTH;
#if UNPOOL
      let isInside = (outY / 2u < POOLED_HEIGHT) & (outX / 2u < POOLED_WIDTH);
      let pixel = (ownImage * POOLED_HEIGHT + min(outY / 2u, POOLED_HEIGHT - 1u)) * POOLED_WIDTH + min(outX / 2u, POOLED_WIDTH - 1u);
      // No pixel of a window outside has won.
      let code = select(255u, outY % 2u * 2u + outX % 2u, isInside) * CODE_ONE;
#else
      let isInside = (outY < OUT_HEIGHT) & (outX < OUT_WIDTH);
      let pixel = (ownImage * OUT_HEIGHT + min(outY, OUT_HEIGHT - 1u)) * OUT_WIDTH + min(outX, OUT_WIDTH - 1u);
#endif
      let upstreamStart = pixel * $(OUT_CHANNELS / 4)u + ownVector;
      let tap = (kernelY * KERNEL_WIDTH + kernelX) * IN_CHANNELS;
      for (var turn = 0u; turn < $(OUT_CHANNELS / K_TILE)u; turn++) {
#unroll load 0 PIXEL_LOADS
        let at_loaded_$(load) = upstreamStart + turn * $(K_TILE / 4)u + $(load * THREADS / TILE_ROWS)u;
#include load loaded_$(load) tensor=upstream
#if UNPOOL
        let codes_$(load) = vec4u(winners[at_loaded_$(load)]) & (255u * CODE_ONE);
        let gradient_$(load) = select(vec4f(0.0), loaded_$(load), codes_$(load) == code);
#elif SCALED
        let gradient_$(load) = select(vec4f(0.0), loaded_$(load) * derivative[at_loaded_$(load)], isInside);
#else
        let gradient_$(load) = select(vec4f(0.0), loaded_$(load), isInside);
#endif
#end
#unroll load 0 WEIGHT_LOADS
        // Neighbouring threads bring neighbouring vectors of one input channel. Channels beyond the last repeat it, and are not stored.
        let weightPlace_$(load) = thread + $(load)u * THREADS;
        let weightColumn_$(load) = weightPlace_$(load) / $(K_TILE / 4)u;
        let weightVector_$(load) = weightPlace_$(load) % $(K_TILE / 4)u;
        let at_weight_$(load) =
          (tap + min(4u * firstColumn + weightColumn_$(load), IN_CHANNELS - 1u)) * $(OUT_CHANNELS / 4)u + turn * $(K_TILE / 4)u + weightVector_$(load);
#include load weight_$(load) tensor=filters
#end
        // Everybody is through with the turn before.
        workgroupBarrier();
#unroll lane 0 4
#unroll load 0 PIXEL_LOADS
        pixels[(4u * (ownVector + $(load * THREADS / TILE_ROWS)u) + $(lane)u) * $(TILE_ROWS / 4)u + pixelPlace][pixelLane] = gradient_$(load)[$(lane)];
#end
#unroll load 0 WEIGHT_LOADS
        weights[(4u * weightVector_$(load) + $(lane)u) * $(TILE_COLUMNS / 4)u + weightColumn_$(load) / 4u][weightColumn_$(load) % 4u] = weight_$(load)[$(lane)];
#end
#end
        workgroupBarrier();
#include staged_turn
      }
    }
  }

#unroll column 0 COLUMN_VECTORS
  if (firstColumn + columnPlace + $(column)u * THREADS_ACROSS < $(IN_CHANNELS / 4)u) {
#unroll row 0 4 * ROW_VECTORS
    if (firstRow + 4u * rowPlace + $(row)u < ROWS) {
      let place_$(row) = (firstRow + 4u * rowPlace + $(row)u) * $(IN_CHANNELS / 4)u + firstColumn + columnPlace + $(column)u * THREADS_ACROSS;
#if HALF_OUTPUT
      inputGradient[place_$(row)] = packHalves(sum_$(row)_$(column));
#else
      inputGradient[place_$(row)] = sum_$(row)_$(column);
#endif
    }
#end
  }
#end
}
