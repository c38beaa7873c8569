// Gradient of the input of a convolution with strides, as STRIDE_HEIGHT · STRIDE_WIDTH interleaved convolutions (phases):
//
//     inputGradient[y, x, i] = Σ over taps and o of upstream[outY, outX, o] · filters[tap, i, o]
//     where outY · STRIDE_HEIGHT = y + PAD_TOP - tapY · DILATION_HEIGHT, and x likewise
//
// A thread keeps a block of BLOCK_HEIGHT × BLOCK_WIDTH input pixels × 4 input channels in registers. The block's sides are
// multiples of the strides, so that a pixel's place in it (its phase) says which taps reach it, and the preprocessor
// leaves the other products out. REACH_HEIGHT is PAD_TOP made larger by LEAD_ROWS strides, so that no tap leads to a negative row
// of the patch: the patch begins LEAD_ROWS rows before the output row that the block's first pixel belongs to.
// Both operands lie along o in memory; CHANNEL_UNIT of them are loaded together. A vector of input channels never crosses
// from one group into the next.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half
#include loaded_tensor upstream
#include loaded_tensor filters
#if HALF_OUTPUT
alias Result = vec2u;
#elif VECTOR_IN
alias Result = vec4f;
#else
alias Result = f32;
#endif

#if FIXED_LENGTHS
var<storage> inputGradient: array<Result, $(RESULT_LENGTH)>;
#else
var<storage> inputGradient: array<Result>;
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_PLACES)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
#include workgroup_place block

  let group = column / COLUMNS_PER_GROUP;
  let firstInGroup = (column % COLUMNS_PER_GROUP) * 4u;
  let firstChannel = group * CHANNELS_PER_GROUP + firstInGroup;
  // Where the weights of each input channel begin, for the first tap. Channels beyond the last repeat it, and are not stored.
#unroll lane 0 4
  let filterRow_$(lane) =
    min(firstInGroup + $(lane)u, CHANNELS_PER_GROUP - 1u) * (OUT_CHANNELS / CHANNEL_UNIT) + group * (GROUP_OUT / CHANNEL_UNIT);
#end

#include block_origin
  let patchX = blockX / STRIDE_WIDTH - u32(LEAD_COLUMNS);
  let patchY = blockY / STRIDE_HEIGHT - u32(LEAD_ROWS);
#include patch_rows out
#unroll x 0 PATCH_WIDTH
  let outX_$(x) = patchX + $(x)u;
#unroll y 0 PATCH_HEIGHT
  let inside_$(y)_$(x) = insideY_$(y) & (outX_$(x) < OUT_WIDTH);
  let start_$(y)_$(x) =
    (outRow_$(y) + min(outX_$(x), OUT_WIDTH - 1u)) * (OUT_CHANNELS / CHANNEL_UNIT) + group * (GROUP_OUT / CHANNEL_UNIT);
#end
#end

#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
  var sum_$(y)_$(x) = vec4f(0.0);
#end
#end
  for (var chunk = 0u; chunk < GROUP_OUT / CHANNEL_UNIT; chunk++) {
#unroll y 0 PATCH_HEIGHT
#unroll x 0 PATCH_WIDTH
    let at_arrived_$(y)_$(x) = start_$(y)_$(x) + chunk;
#include load arrived_$(y)_$(x) tensor=upstream
    let gradient_$(y)_$(x) = select(LoadedUpstream(0.0), arrived_$(y)_$(x), inside_$(y)_$(x));
#end
#end
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
#unroll lane 0 4
    let filter_$(tap)_$(lane) = filters[$(tap)u * (GROUP_IN * (OUT_CHANNELS / CHANNEL_UNIT)) + filterRow_$(lane) + chunk];
#end
#end
    // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters.
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    sum_$(y)_$(x) = vec4f(
#unroll lane 0 4
      sum_$(y)_$(x)[$(lane)]
#unroll kernelY 0 KERNEL_HEIGHT
#unroll kernelX 0 KERNEL_WIDTH
#if (y + REACH_HEIGHT - kernelY * DILATION_HEIGHT) % STRIDE_HEIGHT == 0 && (x + REACH_WIDTH - kernelX * DILATION_WIDTH) % STRIDE_WIDTH == 0
#unroll k 0 CHANNEL_UNIT
#if CHANNEL_UNIT == 4
        + gradient_$((y + REACH_HEIGHT - kernelY * DILATION_HEIGHT) / STRIDE_HEIGHT)_$((x + REACH_WIDTH - kernelX * DILATION_WIDTH) / STRIDE_WIDTH)[$(k)]
        * filter_$(kernelY * KERNEL_WIDTH + kernelX)_$(lane)[$(k)]
#else
        + gradient_$((y + REACH_HEIGHT - kernelY * DILATION_HEIGHT) / STRIDE_HEIGHT)_$((x + REACH_WIDTH - kernelX * DILATION_WIDTH) / STRIDE_WIDTH)
        * filter_$(kernelY * KERNEL_WIDTH + kernelX)_$(lane)
#endif
#end
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
  if ((blockX + $(x)u < IN_WIDTH) & (blockY + $(y)u < IN_HEIGHT)) {
    let start = ((image * IN_HEIGHT + blockY + $(y)u) * IN_WIDTH + blockX + $(x)u) * IN_CHANNELS + firstChannel;
#if HALF_OUTPUT
    inputGradient[start / 4u] = packHalves(sum_$(y)_$(x));
#elif VECTOR_IN
    inputGradient[start / 4u] = sum_$(y)_$(x);
#else
#unroll lane 0 4
    if (firstInGroup + $(lane)u < CHANNELS_PER_GROUP) { inputGradient[start + $(lane)u] = sum_$(y)_$(x)[$(lane)]; }
#end
#endif
  }
#end
#end
}
