// Gradient of a convolution's filters, and of its bias, as a matrix product whose left factor is never written down: a row for each
// tap and input channel, KERNEL_HEIGHT · KERNEL_WIDTH · IN_CHANNELS of them, a column for each output channel, summed over the output
// pixels of all images:
//
//     filterGradient[tap, i, o] = Σ over output pixels of input[pixel's window at tap, i] · upstream[pixel, o]
//
// Both factors go through workgroup memory in turns of K_TILE pixels, as in conv2d_staged.wgsl; both lie along their channels in
// memory, as they are wanted. The sum is cut into slices of PIXELS_PER_SLICE pixels, into partial results that are added in a fixed
// order afterwards (optimizer_update.wgsl or sum_slices.wgsl).
//
// With UNPOOL, `upstream` is the gradient behind a 2×2 max-pool and `winners` says which pixel of each window it goes to
// (conv2d_forward.wgsl); pixels are in the order of the windows then, so that a pixel's place in its window is known.

#include half
#include loaded_tensor input
#include loaded_tensor upstream
#if UNPOOL
var<storage> winners: array<u32, UPSTREAM_LENGTH>;

// The code 1 where it lies in a word of winners, for each of four channels.
const CODE_ONE = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
#endif
#if SCALED
// Of the activation before which the gradient is wanted, and behind which `upstream` is.
var<storage> derivative: array<vec4f>;
#endif
var<storage> filterPartials: array<vec4f>;
#if BIAS
var<storage> biasPartials: array<vec4f>;
#endif

#include staged_memory
#if BIAS
var<workgroup> biasSums: array<vec4f, THREADS>;
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) workgroup: vec3u) {
  let firstRow = workgroup.x * TILE_ROWS;
  let firstColumn = workgroup.y * $(TILE_COLUMNS / 4)u;
  let firstPixel = workgroup.z * PIXELS_PER_SLICE;

  // The tap and the input channels that this thread brings: the same all the way. Rows beyond the last repeat it, and are not stored.
  let ownRow = min(firstRow / 4u + thread % $(TILE_ROWS / 4)u, $(ROWS / 4 - 1)u);
  let ownVector = ownRow % $(IN_CHANNELS / 4)u;
  let ownTap = ownRow / $(IN_CHANNELS / 4)u;
  // Above and left of the image unsigned places are huge, so that one comparison checks both edges.
  let tapY = (ownTap / KERNEL_WIDTH) * DILATION_HEIGHT - PAD_TOP;
  let tapX = (ownTap % KERNEL_WIDTH) * DILATION_WIDTH - PAD_LEFT;
  // The first pixel of a turn of which it does, and the output channels that it brings, of its first pixel of a turn too.
  let ownPixel = thread / $(TILE_ROWS / 4)u;
  let ownColumn = min(firstColumn + thread % $(TILE_COLUMNS / 4)u, $(OUT_CHANNELS / 4 - 1)u);
  let ownGradient = thread / $(TILE_COLUMNS / 4)u;

  // What it multiplies.
  let rowPlace = (thread / THREADS_ACROSS) * ROW_VECTORS;
  let columnPlace = thread % THREADS_ACROSS;
#unroll column 0 COLUMN_VECTORS
#unroll row 0 4 * ROW_VECTORS
  var sum_$(row)_$(column) = vec4f(0.0);
#end
#end
#if BIAS
  var biasSum = vec4f(0.0);
#endif

  for (var turn = 0u; turn < $(PIXELS_PER_SLICE / K_TILE)u; turn++) {
    let turnPixel = firstPixel + turn * K_TILE;
#unroll load 0 PIXEL_LOADS
    // Pixels beyond the last repeat it; what comes of them is multiplied by gradients of zero.
    let number_$(load) = min(turnPixel + ownPixel + $(load * THREADS * 4 / TILE_ROWS)u, PIXELS - 1u);
#if UNPOOL
    let window_$(load) = number_$(load) / 4u;
    let line_$(load) = window_$(load) / POOLED_WIDTH;
    let outX_$(load) = (window_$(load) % POOLED_WIDTH) * 2u + number_$(load) % 2u;
    let outY_$(load) = (line_$(load) % POOLED_HEIGHT) * 2u + number_$(load) / 2u % 2u;
    let image_$(load) = line_$(load) / POOLED_HEIGHT;
#else
    let line_$(load) = number_$(load) / OUT_WIDTH;
    let outX_$(load) = number_$(load) % OUT_WIDTH;
    let outY_$(load) = line_$(load) % OUT_HEIGHT;
    let image_$(load) = line_$(load) / OUT_HEIGHT;
#endif
    let inY_$(load) = outY_$(load) * STRIDE_HEIGHT + tapY;
    let inX_$(load) = outX_$(load) * STRIDE_WIDTH + tapX;
    let isInside_$(load) = (inY_$(load) < IN_HEIGHT) & (inX_$(load) < IN_WIDTH);
    let at_loaded_$(load) =
      ((image_$(load) * IN_HEIGHT + min(inY_$(load), IN_HEIGHT - 1u)) * IN_WIDTH + min(inX_$(load), IN_WIDTH - 1u)) * $(IN_CHANNELS / 4)u + ownVector;
#include load loaded_$(load) tensor=input
#end
#unroll load 0 WEIGHT_LOADS
    let place_$(load) = turnPixel + ownGradient + $(load * THREADS * 4 / TILE_COLUMNS)u;
    let isCounted_$(load) = place_$(load) < PIXELS;
#if UNPOOL
    let at_arrived_$(load) = (min(place_$(load), PIXELS - 1u) / 4u) * $(OUT_CHANNELS / 4)u + ownColumn;
#else
    let at_arrived_$(load) = min(place_$(load), PIXELS - 1u) * $(OUT_CHANNELS / 4)u + ownColumn;
#endif
#include load arrived_$(load) tensor=upstream
#if UNPOOL
    let codes_$(load) = vec4u(winners[at_arrived_$(load)]) & (255u * CODE_ONE);
    // No pixel beyond the last has won.
    let code_$(load) = select(255u, place_$(load) % 4u, isCounted_$(load)) * CODE_ONE;
    let gradient_$(load) = select(vec4f(0.0), arrived_$(load), codes_$(load) == code_$(load));
#elif SCALED
    let gradient_$(load) = select(vec4f(0.0), arrived_$(load) * derivative[at_arrived_$(load)], isCounted_$(load));
#else
    let gradient_$(load) = select(vec4f(0.0), arrived_$(load), isCounted_$(load));
#endif
#if BIAS
    biasSum += gradient_$(load);
#endif
#end
    // Everybody is through with the turn before.
    workgroupBarrier();
#unroll load 0 PIXEL_LOADS
    pixels[thread + $(load)u * THREADS] = select(vec4f(0.0), loaded_$(load), isInside_$(load));
#end
#unroll load 0 WEIGHT_LOADS
    weights[thread + $(load)u * THREADS] = gradient_$(load);
#end
    workgroupBarrier();
#include staged_turn
  }

  let start = workgroup.z * $(FILTER_STRIDE / 4)u;
#unroll column 0 COLUMN_VECTORS
  if (firstColumn + columnPlace + $(column)u * THREADS_ACROSS < $(OUT_CHANNELS / 4)u) {
#unroll row 0 4 * ROW_VECTORS
    if (firstRow + 4u * rowPlace + $(row)u < ROWS) {
      filterPartials[start + (firstRow + 4u * rowPlace + $(row)u) * $(OUT_CHANNELS / 4)u + firstColumn + columnPlace + $(column)u * THREADS_ACROSS] =
        sum_$(row)_$(column);
    }
#end
  }
#end
#if BIAS
  // Threads with the same channels have seen different pixels.
  biasSums[thread] = biasSum;
  workgroupBarrier();
  if (workgroup.x == 0u && thread < $(TILE_COLUMNS / 4)u && firstColumn + thread < $(OUT_CHANNELS / 4)u) {
    var total = vec4f(0.0);
    for (var other = thread; other < THREADS; other += $(TILE_COLUMNS / 4)u) {
      total += biasSums[other];
    }
    biasPartials[workgroup.z * $(BIAS_STRIDE / 4)u + firstColumn + thread] = total;
  }
#endif
}
