// Depthwise convolution [BATCH, IN_HEIGHT, IN_WIDTH, IN_CHANNELS] * [KERNEL_HEIGHT, KERNEL_WIDTH, 1, OUT_CHANNELS]: every
// input channel has MULTIPLIER filters of its own, and output channel o looks at input channel o / MULTIPLIER alone.
//
// There is no sum over channels to share a pixel's load, so that loads are what counts. A thread keeps the weights of
// four output channels and walks along a strip of STEPS blocks of BLOCK_HEIGHT × BLOCK_WIDTH output pixels: each pixel of the
// image is loaded once for all windows of the block, and the columns that the next block looks at too are carried along.
#include relu

#if VECTOR_IN
alias Input = vec4f;
#else
alias Input = f32;
#endif
#if VECTOR_OUT
alias Output = vec4f;
#else
alias Output = f32;
#endif

// Where the length of an array is not in its type, SwiftShader divides to find it at every load.
#if FIXED_LENGTHS
var<storage> input: array<Input, $(INPUT_LENGTH)>;
var<storage> filters: array<Output, $(FILTERS_LENGTH)>;
var<storage> output: array<Output, $(OUTPUT_LENGTH)>;
#else
var<storage> input: array<Input>;
var<storage> filters: array<Output>;
var<storage> output: array<Output>;
#endif
#if BIAS
var<storage> bias: array<f32>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);

@compute @workgroup_size(GROUP_COLUMNS, GROUP_STRIPS)
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
  let inChannels = channels / MULTIPLIER;
#if BIAS
  let biases = vec4f(bias[channels.x], bias[channels.y], bias[channels.z], bias[channels.w]);
#else
  let biases = vec4f(0.0);
#endif
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
#if VECTOR_OUT
  let filter_$(tap) = filters[$(tap)u * (OUT_CHANNELS / 4u) + column];
#else
  let filterPlaces_$(tap) = vec4u($(tap)u * OUT_CHANNELS) + channels;
  let filter_$(tap) = vec4f(
    filters[filterPlaces_$(tap).x],
    filters[filterPlaces_$(tap).y],
    filters[filterPlaces_$(tap).z],
    filters[filterPlaces_$(tap).w],
  );
#endif
#end

  // Above the image the unsigned row is huge: one comparison checks both edges. Pixels outside read the nearest one, and
  // count as zero.
#unroll y 0 PATCH_HEIGHT
  let inY_$(y) = firstY * STRIDE_HEIGHT + $(y)u - PAD_TOP;
  let insideY_$(y) = inY_$(y) < IN_HEIGHT;
  let inRow_$(y) = (image * IN_HEIGHT + min(inY_$(y), IN_HEIGHT - 1u)) * IN_WIDTH;
#end

#unroll x 0 OVERLAP
  let startX_$(x) = firstX * STRIDE_WIDTH + $(x)u - PAD_LEFT;
#unroll y 0 PATCH_HEIGHT
  let start_$(y)_$(x) = inRow_$(y) + min(startX_$(x), IN_WIDTH - 1u);
#if VECTOR_IN
  let first_$(y)_$(x) = input[start_$(y)_$(x) * (IN_CHANNELS / 4u) + column];
#else
  let firstPlaces_$(y)_$(x) = vec4u(start_$(y)_$(x) * IN_CHANNELS) + inChannels;
  let first_$(y)_$(x) = vec4f(
    input[firstPlaces_$(y)_$(x).x],
    input[firstPlaces_$(y)_$(x).y],
    input[firstPlaces_$(y)_$(x).z],
    input[firstPlaces_$(y)_$(x).w],
  );
#endif
  var carried_$(y)_$(x) = select(vec4f(0.0), first_$(y)_$(x), insideY_$(y) & (startX_$(x) < IN_WIDTH));
#end
#end

  for (var step = 0u; step < STEPS; step++) {
    let blockX = firstX + step * BLOCK_WIDTH;
#unroll x OVERLAP PATCH_WIDTH
    let inX_$(x) = blockX * STRIDE_WIDTH + $(x)u - PAD_LEFT;
    let insideX_$(x) = inX_$(x) < IN_WIDTH;
#end
#unroll x 0 PATCH_WIDTH
#unroll y 0 PATCH_HEIGHT
#if x < OVERLAP
    let pixel_$(y)_$(x) = carried_$(y)_$(x);
#else
    let inPixel_$(y)_$(x) = inRow_$(y) + min(inX_$(x), IN_WIDTH - 1u);
#if VECTOR_IN
    let loaded_$(y)_$(x) = input[inPixel_$(y)_$(x) * (IN_CHANNELS / 4u) + column];
#else
    let places_$(y)_$(x) = vec4u(inPixel_$(y)_$(x) * IN_CHANNELS) + inChannels;
    let loaded_$(y)_$(x) = vec4f(
      input[places_$(y)_$(x).x],
      input[places_$(y)_$(x).y],
      input[places_$(y)_$(x).z],
      input[places_$(y)_$(x).w],
    );
#endif
    let pixel_$(y)_$(x) = select(vec4f(0.0), loaded_$(y)_$(x), insideY_$(y) & insideX_$(x));
#endif
#end
#end
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
    carried_$(y)_$(x) = pixel_$(y)_$(x + BLOCK_WIDTH * STRIDE_WIDTH);
#end
#end

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
#if VECTOR_OUT
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
