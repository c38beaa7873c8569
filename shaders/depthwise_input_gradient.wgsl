// Gradient of the input of a depthwise convolution:
//
//     inputGradient[y, x, i] = Σ over taps and m of upstream[outY, outX, i · MULTIPLIER + m] · filters[tap, i · MULTIPLIER + m]
//     where outY · STRIDE_HEIGHT = y + PAD_TOP - tapY · DILATION_HEIGHT, and x likewise
//
// A thread owns four input channels and walks along a strip of STEPS blocks of BLOCK_HEIGHT × BLOCK_WIDTH input pixels, whose
// sides are multiples of the strides. Which taps reach a pixel depends on its place in the block alone (its phase) and
// is settled by the preprocessor: with strides nothing is multiplied by a tap that leads to no output. REACH_HEIGHT is PAD_TOP
// made larger by FIRST_ROW strides, so that no tap leads to a negative row of the patch: the patch begins FIRST_ROW rows before
// the output row that the block's first pixel belongs to. With one filter a channel, the columns of the patch that the
// next block wants too are carried along; with several (MULTIPLIER) each is loaded anew for each block.

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

// Where the length of an array is not in its type, SwiftShader divides to find it at every load.
#if FIXED_LENGTHS
var<storage> upstream: array<Element, $(UPSTREAM_LENGTH)>;
var<storage> filters: array<Element, $(FILTERS_LENGTH)>;
var<storage> inputGradient: array<Element, $(RESULT_LENGTH)>;
#else
var<storage> upstream: array<Element>;
var<storage> filters: array<Element>;
var<storage> inputGradient: array<Element>;
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

#if VECTOR == 0
  // The first filter of each input channel. Channels beyond the last repeat it, and are not stored.
  let firstFilters = min(vec4u(4u * column) + LANES, vec4u(IN_CHANNELS - 1u)) * MULTIPLIER;
#endif
#if MULTIPLIER == 1
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
#if VECTOR
  let filter_$(tap) = filters[$(tap)u * (OUT_CHANNELS / 4u) + column];
#else
  let filterPlaces_$(tap) = vec4u($(tap)u * OUT_CHANNELS) + firstFilters;
  let filter_$(tap) = vec4f(
    filters[filterPlaces_$(tap).x],
    filters[filterPlaces_$(tap).y],
    filters[filterPlaces_$(tap).z],
    filters[filterPlaces_$(tap).w],
  );
#endif
#end
#endif

  // Above the gradient the unsigned row is huge: one comparison checks both edges. Pixels outside read the nearest one,
  // and count as zero.
#unroll y 0 PATCH_HEIGHT
  let outY_$(y) = firstY / STRIDE_HEIGHT + $(y)u - u32(FIRST_ROW);
  let insideY_$(y) = outY_$(y) < OUT_HEIGHT;
  let outRow_$(y) = (image * OUT_HEIGHT + min(outY_$(y), OUT_HEIGHT - 1u)) * OUT_WIDTH;
#end

#unroll x 0 OVERLAP
  let startX_$(x) = firstX / STRIDE_WIDTH + $(x)u - u32(FIRST_COLUMN);
#unroll y 0 PATCH_HEIGHT
  let start_$(y)_$(x) = outRow_$(y) + min(startX_$(x), OUT_WIDTH - 1u);
#if VECTOR
  let first_$(y)_$(x) = upstream[start_$(y)_$(x) * (OUT_CHANNELS / 4u) + column];
#else
  let firstPlaces_$(y)_$(x) = vec4u(start_$(y)_$(x) * OUT_CHANNELS) + firstFilters;
  let first_$(y)_$(x) = vec4f(
    upstream[firstPlaces_$(y)_$(x).x],
    upstream[firstPlaces_$(y)_$(x).y],
    upstream[firstPlaces_$(y)_$(x).z],
    upstream[firstPlaces_$(y)_$(x).w],
  );
#endif
  var carried_$(y)_$(x) = select(vec4f(0.0), first_$(y)_$(x), insideY_$(y) & (startX_$(x) < OUT_WIDTH));
#end
#end

  for (var step = 0u; step < STEPS; step++) {
    let blockX = firstX + step * BLOCK_WIDTH;
#unroll x OVERLAP PATCH_WIDTH
    let outX_$(x) = firstX / STRIDE_WIDTH + step * (BLOCK_WIDTH / STRIDE_WIDTH) + $(x)u - u32(FIRST_COLUMN);
    let insideX_$(x) = outX_$(x) < OUT_WIDTH;
#end
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    var sum_$(y)_$(x) = vec4f(0.0);
#end
#end
#if MULTIPLIER > 1
    for (var m = 0u; m < MULTIPLIER; m++) {
#unroll tap 0 KERNEL_HEIGHT * KERNEL_WIDTH
      let filterPlaces_$(tap) = vec4u($(tap)u * OUT_CHANNELS + m) + firstFilters;
      let filter_$(tap) = vec4f(
        filters[filterPlaces_$(tap).x],
        filters[filterPlaces_$(tap).y],
        filters[filterPlaces_$(tap).z],
        filters[filterPlaces_$(tap).w],
      );
#end
#else
    {
      let m = 0u;
#endif
#unroll x 0 PATCH_WIDTH
#unroll y 0 PATCH_HEIGHT
#if x < OVERLAP
      let gradient_$(y)_$(x) = carried_$(y)_$(x);
#else
      let outPixel_$(y)_$(x) = outRow_$(y) + min(outX_$(x), OUT_WIDTH - 1u);
#if VECTOR
      let arrived_$(y)_$(x) = upstream[outPixel_$(y)_$(x) * (OUT_CHANNELS / 4u) + column];
#else
      let places_$(y)_$(x) = vec4u(outPixel_$(y)_$(x) * OUT_CHANNELS + m) + firstFilters;
      let arrived_$(y)_$(x) = vec4f(
        upstream[places_$(y)_$(x).x],
        upstream[places_$(y)_$(x).y],
        upstream[places_$(y)_$(x).z],
        upstream[places_$(y)_$(x).w],
      );
#endif
      let gradient_$(y)_$(x) = select(vec4f(0.0), arrived_$(y)_$(x), insideY_$(y) & insideX_$(x));
#endif
#end
#end
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
      carried_$(y)_$(x) = gradient_$(y)_$(x + BLOCK_WIDTH / STRIDE_WIDTH);
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
#if VECTOR
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
