// Convolution of an image of one channel on graphics cards, which is little but loads and stores around few multiply-adds. A thread has all
// weights of four output channels in registers and walks over blocks of 2 rows × 4 columns of output pixels: of each it loads what all taps
// see once, and multiplies from registers.
//
// With POOL a block is two 2×2 windows, and the full-size result never reaches memory. Beside the pooled value goes a byte that says which of
// the four won (0–3, the first among equals), or 4 where ReLU lets no gradient back.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half
#include relu

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
  let group = workgroup.y * workgroupCount.x + workgroup.x;
  let column = (group % COLUMN_GROUPS) * GROUP_COLUMNS + thread % GROUP_COLUMNS;
  let stretch = (group / COLUMN_GROUPS) * GROUP_SLICES + thread / GROUP_COLUMNS;
  let channel = 0u;
  let ownColumn = min(column, $(OUT_CHANNELS / 4 - 1)u);
#unroll tap 0 TAPS
  let at_weight_$(tap) = $(tap * OUT_CHANNELS / 4)u + ownColumn;
#include load weight_$(tap) tensor=filters
#end
#if BIAS
  let ownBias = bias[ownColumn];
#else
  let ownBias = vec4f(0.0);
#endif

  for (var turn = 0u; turn < BLOCKS_A_STRETCH; turn++) {
    let wanted = stretch * BLOCKS_A_STRETCH + turn;
    let block = min(wanted, BLOCKS - 1u);
#include few_channels_patch
#unroll y 0 2
#unroll x 0 4
    var sum_$(y)_$(x) = ownBias;
#unroll tapY 0 KERNEL_HEIGHT
#unroll tapX 0 KERNEL_WIDTH
    sum_$(y)_$(x) = fma(
      vec4f(pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + tapX * DILATION_WIDTH)),
      weight_$(tapY * KERNEL_WIDTH + tapX),
      sum_$(y)_$(x),
    );
#end
#end
#end
#end
    let isStored = (wanted < BLOCKS) & (column < $(OUT_CHANNELS / 4)u);
#if POOL
#unroll window 0 2
    if (isStored & (blockX * 2u + $(window)u < POOLED_WIDTH)) {
      var most = sum_0_$(2 * window);
      var winner = vec4u(0u);
#unroll lane 1 4
      winner = select(winner, vec4u($(lane)u), sum_$(lane / 2)_$(2 * window + lane % 2) > most);
      most = max(most, sum_$(lane / 2)_$(2 * window + lane % 2));
#end
#if RELU
      winner = select(vec4u(4u), winner, most > vec4f(0.0));
      most = max(most, vec4f(0.0));
#endif
      let place = ((image * POOLED_HEIGHT + blockY) * POOLED_WIDTH + blockX * 2u + $(window)u) * $(OUT_CHANNELS / 4)u + column;
      store(place, most);
      winners[place] = winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u);
    }
#end
#else
#unroll y 0 2
#unroll x 0 4
    if (isStored & (blockY * 2u + $(y)u < OUT_HEIGHT) & (blockX * 4u + $(x)u < OUT_WIDTH)) {
      let place = ((image * OUT_HEIGHT + blockY * 2u + $(y)u) * OUT_WIDTH + blockX * 4u + $(x)u) * $(OUT_CHANNELS / 4)u + column;
#if RELU
      store(place, relu(sum_$(y)_$(x)));
#else
      store(place, sum_$(y)_$(x));
#endif
    }
#end
#end
#endif
  }
}
