// Depthwise convolution [BATCH, IN_HEIGHT, IN_WIDTH, IN_CHANNELS] * [KERNEL_HEIGHT, KERNEL_WIDTH, 1, OUT_CHANNELS]: every
// input channel has MULTIPLIER filters of its own, and output channel o looks at input channel o / MULTIPLIER alone.
//
// There is no sum over channels to share a pixel's load, so that loads are what counts. A thread keeps the weights of
// four output channels and walks along a strip of STEPS blocks of BLOCK_HEIGHT × BLOCK_WIDTH output pixels: each pixel of the
// image is loaded once for all windows of the block, and the columns that the next block looks at too are carried along.
#include relu
#include half

#include loaded_tensor input
#include loaded_tensor filters
// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#if HALF_OUTPUT
alias Output = vec2u;
#else
alias Output = StoredFilters;
#endif
#if FIXED_LENGTHS
var<storage> output: array<Output, $(OUTPUT_LENGTH)>;
#else
var<storage> output: array<Output>;
#endif
#if BIAS
var<storage> bias: array<f32>;
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

  // Channels beyond the last repeat it, and are not stored.
  let channels = min(vec4u(4u * column) + LANES, vec4u(OUT_CHANNELS - 1u));
  // Where those of the image lie within a pixel, in elements of the buffer.
#if VECTOR_INPUT
  let channelPlace = column;
#else
  let channelPlace = channels / MULTIPLIER;
#endif
#if BIAS
  let biases = vec4f(bias[channels.x], bias[channels.y], bias[channels.z], bias[channels.w]);
#else
  let biases = vec4f(0.0);
#endif
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
#if VECTOR_FILTERS
  let at_filter_$(tap) = $(tap)u * (OUT_CHANNELS / 4u) + column;
#else
  let at_filter_$(tap) = $(tap)u * OUT_CHANNELS + channels;
#endif
#include load filter_$(tap) tensor=filters
#end

  let patchY = firstY * STRIDE_HEIGHT - PAD_TOP;
#include patch_rows in
  let patchX = firstX * STRIDE_WIDTH - PAD_LEFT;
#include patch_start image=in tensor=input

  for (var step = 0u; step < STEPS; step++) {
    let blockX = firstX + step * BLOCK_WIDTH;
    let patchX = blockX * STRIDE_WIDTH - PAD_LEFT;
#include patch_next pixel image=in tensor=input

#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    if ((blockX + $(x)u < OUT_WIDTH) & (firstY + $(y)u < OUT_HEIGHT)) {
      // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters.
      let sum = vec4f(
#unroll lane 0 4
        biases[$(lane)]
#unroll kernelY 0 KERNEL_HEIGHT
#unroll kernelX 0 KERNEL_WIDTH
          + pixel_$(y * STRIDE_HEIGHT + kernelY * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH)[$(lane)]
          * filter_$(kernelY * KERNEL_WIDTH + kernelX)[$(lane)]
#end
#end
        ,
#end
      );
#if RELU
      let values = relu(sum);
#else
      let values = sum;
#endif
      let outPixel = (image * OUT_HEIGHT + firstY + $(y)u) * OUT_WIDTH + blockX + $(x)u;
#if HALF_OUTPUT
      output[outPixel * (OUT_CHANNELS / 4u) + column] = packHalves(values);
#elif VECTOR_OUT
      output[outPixel * (OUT_CHANNELS / 4u) + column] = values;
#else
#unroll lane 0 4
      if (4u * column + $(lane)u < OUT_CHANNELS) { output[outPixel * OUT_CHANNELS + 4u * column + $(lane)u] = values[$(lane)]; }
#end
#endif
    }
#end
#end
  }
}
