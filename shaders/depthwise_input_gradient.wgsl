// Gradient of the input of a depthwise convolution:
//
//     inputGradient[y, x, i] = Σ over taps and m of upstream[outY, outX, i · MULTIPLIER + m] · filters[tap, i · MULTIPLIER + m]
//     where outY · STRIDE_HEIGHT = y + PAD_TOP - tapY · DILATION_HEIGHT, and x likewise
//
// A thread owns four input channels and walks along a strip of STEPS blocks of BLOCK_HEIGHT × BLOCK_WIDTH input pixels, whose
// sides are multiples of the strides. Which taps reach a pixel depends on its place in the block alone (its phase) and
// is settled by the preprocessor: with strides nothing is multiplied by a tap that leads to no output. REACH_HEIGHT is PAD_TOP
// made larger by LEAD_ROWS strides, so that no tap leads to a negative row of the patch: the patch begins LEAD_ROWS rows before
// the output row that the block's first pixel belongs to. With one filter a channel, the columns of the patch that the
// next block wants too are carried along; with several (MULTIPLIER) each is loaded anew for each block.

#include half
#include loaded_tensor upstream
#include loaded_tensor filters
// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#if HALF_OUTPUT
alias Result = vec2u;
#else
alias Result = StoredFilters;
#endif
#if FIXED_LENGTHS
var<storage> inputGradient: array<Result, $(RESULT_LENGTH)>;
#else
var<storage> inputGradient: array<Result>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);

@compute @workgroup_size(GROUP_COLUMNS, GROUP_PLACES)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
#include workgroup_place strip
  let firstX = (strip % STRIPS_ACROSS) * (STEPS * BLOCK_WIDTH);
  let firstY = ((strip / STRIPS_ACROSS) % STRIPS_DOWN) * BLOCK_HEIGHT;
  let image = strip / (STRIPS_ACROSS * STRIPS_DOWN);

  // Where the first filter of each input channel lies within a pixel of the gradient, and within a row of the filters, in
  // elements of the buffers. Channels beyond the last repeat it, and are not stored.
#if VECTOR_UPSTREAM
  let channelPlace = column;
#else
  let channelPlace = min(vec4u(4u * column) + LANES, vec4u(IN_CHANNELS - 1u)) * MULTIPLIER;
#endif
#if MULTIPLIER == 1
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
  let at_filter_$(tap) = $(tap)u * (OUT_CHANNELS / $(1 + 3 * VECTOR_FILTERS)u) + channelPlace;
#include load filter_$(tap) tensor=filters
#end
#endif

  let patchY = firstY / STRIDE_HEIGHT - u32(LEAD_ROWS);
#include patch_rows out
  let patchX = firstX / STRIDE_WIDTH - u32(LEAD_COLUMNS);
#include patch_start image=out tensor=upstream

  for (var step = 0u; step < STEPS; step++) {
    let blockX = firstX + step * BLOCK_WIDTH;
    let patchX = firstX / STRIDE_WIDTH + step * (BLOCK_WIDTH / STRIDE_WIDTH) - u32(LEAD_COLUMNS);
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    var sum_$(y)_$(x) = vec4f(0.0);
#end
#end
#if MULTIPLIER > 1
    let firstPlace = channelPlace;
    for (var m = 0u; m < MULTIPLIER; m++) {
      let channelPlace = firstPlace + m;
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
      let at_filter_$(tap) = $(tap)u * OUT_CHANNELS + channelPlace;
#include load filter_$(tap) tensor=filters
#end
#else
    {
#endif
#include patch_next gradient image=out tensor=upstream
      // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters.
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
      sum_$(y)_$(x) = vec4f(
#unroll lane 0 4
        sum_$(y)_$(x)[$(lane)]
#unroll kernelY 0 KERNEL_HEIGHT
#unroll kernelX 0 KERNEL_WIDTH
#if (y + REACH_HEIGHT - kernelY * DILATION_HEIGHT) % STRIDE_HEIGHT == 0 && (x + REACH_WIDTH - kernelX * DILATION_WIDTH) % STRIDE_WIDTH == 0
          + gradient_$((y + REACH_HEIGHT - kernelY * DILATION_HEIGHT) / STRIDE_HEIGHT)_$((x + REACH_WIDTH - kernelX * DILATION_WIDTH) / STRIDE_WIDTH)[$(lane)]
          * filter_$(kernelY * KERNEL_WIDTH + kernelX)[$(lane)]
#endif
#end
#end
        ,
#end
      );
#end
#end
    }

#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    if ((blockX + $(x)u < IN_WIDTH) & (firstY + $(y)u < IN_HEIGHT)) {
      let inPixel = (image * IN_HEIGHT + firstY + $(y)u) * IN_WIDTH + blockX + $(x)u;
#if HALF_OUTPUT
      inputGradient[inPixel * (IN_CHANNELS / 4u) + column] = packHalves(sum_$(y)_$(x));
#elif VECTOR_UPSTREAM
      inputGradient[inPixel * (IN_CHANNELS / 4u) + column] = sum_$(y)_$(x);
#else
#unroll lane 0 4
      if (4u * column + $(lane)u < IN_CHANNELS) { inputGradient[inPixel * IN_CHANNELS + 4u * column + $(lane)u] = sum_$(y)_$(x)[$(lane)]; }
#end
#endif
    }
#end
#end
  }
}
