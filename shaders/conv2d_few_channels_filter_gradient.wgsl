// Gradient of the filters, and of the bias, of a convolution of an image of few channels on graphics cards: few weights, and a long sum
// over pixels. A thread has all taps of one input channel and four output channels in registers and walks over blocks of 2 rows × 4
// columns of output pixels; each loaded pixel is multiplied by the gradients of all places in the block that it is under a tap of.
//
// A workgroup has GROUP_COLUMNS vectors of output channels × GROUP_SLICES stretches of blocks. Their sums meet in workgroup memory, in
// the order of the stretches, so that a workgroup writes one partial result; these are added in a fixed order afterwards.
//
// With UNPOOL, `upstream` is the gradient behind a 2×2 max-pool and `winners` says which pixel of each window it goes to.

#include half
#include loaded_tensor input
#include loaded_tensor upstream
#if UNPOOL
var<storage> winners: array<u32, UPSTREAM_LENGTH>;

// The code 1 where it lies in a word of winners, for each of four channels.
const CODE_ONE = vec4u(0x00000001u, 0x00000100u, 0x00010000u, 0x01000000u);
#endif
var<storage> filterPartials: array<vec4f>;
#if BIAS
var<storage> biasPartials: array<vec4f>;
#endif

// Of each tap, and behind them the bias, the sums of all threads.
var<workgroup> sums: array<vec4f, $((TAPS + BIAS) * THREADS)>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) workgroup: vec3u) {
  let ownColumn = thread % GROUP_COLUMNS;
  let column = min(workgroup.x * GROUP_COLUMNS + ownColumn, $(OUT_CHANNELS / 4 - 1)u);
  let channel = min(workgroup.y, IN_CHANNELS - 1u);
  let stretch = workgroup.z * GROUP_SLICES + thread / GROUP_COLUMNS;

#unroll tap 0 TAPS
  var sum_$(tap) = vec4f(0.0);
#end
  var biasSum = vec4f(0.0);

  for (var turn = 0u; turn < BLOCKS_A_STRETCH; turn++) {
    let wanted = stretch * BLOCKS_A_STRETCH + turn;
    let isCounted = wanted < BLOCKS;
    let block = min(wanted, BLOCKS - 1u);
#include few_channels_patch
#if UNPOOL
#unroll window 0 2
    let pooledX_$(window) = blockX * 2u + $(window)u;
    let at_arrived_$(window) =
      ((image * POOLED_HEIGHT + blockY) * POOLED_WIDTH + min(pooledX_$(window), POOLED_WIDTH - 1u)) * $(OUT_CHANNELS / 4)u + column;
#include load arrived_$(window) tensor=upstream
    let isInside_$(window) = isCounted & (pooledX_$(window) < POOLED_WIDTH);
    // No pixel of a window outside has won.
    let codes_$(window) = vec4u(select(0x04040404u, winners[at_arrived_$(window)], isInside_$(window))) & (255u * CODE_ONE);
#unroll place 0 4
    let gradient_$(place / 2)_$(2 * window + place % 2) =
      select(vec4f(0.0), arrived_$(window), codes_$(window) == $(place)u * CODE_ONE);
#if BIAS
    biasSum += gradient_$(place / 2)_$(2 * window + place % 2);
#endif
#end
#end
#else
#unroll y 0 2
#unroll x 0 4
    let outY_$(y)_$(x) = blockY * 2u + $(y)u;
    let outX_$(y)_$(x) = blockX * 4u + $(x)u;
    let isInside_$(y)_$(x) = isCounted & (outY_$(y)_$(x) < OUT_HEIGHT) & (outX_$(y)_$(x) < OUT_WIDTH);
    let at_arrived_$(y)_$(x) =
      ((image * OUT_HEIGHT + min(outY_$(y)_$(x), OUT_HEIGHT - 1u)) * OUT_WIDTH + min(outX_$(y)_$(x), OUT_WIDTH - 1u)) * $(OUT_CHANNELS / 4)u + column;
#include load arrived_$(y)_$(x) tensor=upstream
    let gradient_$(y)_$(x) = select(vec4f(0.0), arrived_$(y)_$(x), isInside_$(y)_$(x));
#if BIAS
    biasSum += gradient_$(y)_$(x);
#endif
#end
#end
#endif
#unroll tapY 0 KERNEL_HEIGHT
#unroll tapX 0 KERNEL_WIDTH
#unroll y 0 2
#unroll x 0 4
    sum_$(tapY * KERNEL_WIDTH + tapX) = fma(
      vec4f(pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + tapX * DILATION_WIDTH)),
      gradient_$(y)_$(x),
      sum_$(tapY * KERNEL_WIDTH + tapX),
    );
#end
#end
#end
#end
  }

#unroll tap 0 TAPS
  sums[thread + $(tap * THREADS)u] = sum_$(tap);
#end
#if BIAS
  sums[thread + $(TAPS * THREADS)u] = biasSum;
#endif
  workgroupBarrier();
  for (var place = thread; place < $((TAPS + BIAS) * GROUP_COLUMNS)u; place += THREADS) {
    let tap = place / GROUP_COLUMNS;
    let ownVector = workgroup.x * GROUP_COLUMNS + place % GROUP_COLUMNS;
    var total = sums[tap * THREADS + place % GROUP_COLUMNS];
    for (var other = 1u; other < GROUP_SLICES; other++) {
      total += sums[tap * THREADS + other * GROUP_COLUMNS + place % GROUP_COLUMNS];
    }
    if (ownVector < $(OUT_CHANNELS / 4)u) {
#if BIAS
      if (tap == TAPS) {
        if (workgroup.y == 0u) { biasPartials[workgroup.z * $(BIAS_STRIDE / 4)u + ownVector] = total; }
      } else {
#else
      {
#endif
        filterPartials[workgroup.z * $(FILTER_STRIDE / 4)u + (tap * IN_CHANNELS + channel) * $(OUT_CHANNELS / 4)u + ownVector] = total;
      }
    }
  }
}
