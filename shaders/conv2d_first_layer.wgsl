// Convolution of an image with few channels, the first layer's above all, where loading weights would cost more than
// multiplying by them: a thread keeps the weights of four output channels in registers and walks along a line of
// blocks of BLOCK_HEIGHT × BLOCK_WIDTH output pixels. Columns of the image that two blocks look at are carried along.
// Bias, ReLU, pool and winners as in conv2d_forward.wgsl. No groups. For software adapters: GPUs load without such cost.

#include half
#include relu
#if SILU
#include silu
#endif

#include loaded_tensor input
#include loaded_tensor filters
// Stored as 16-bit floats, four to a vec2u.
#if HALF_OUTPUT
alias Output = vec2u;
#else
alias Output = StoredFilters;
#endif

#if BIAS
var<storage> bias: array<f32>;
#endif
var<storage> output: array<Output, $(OUTPUT_LENGTH)>;
#if POOL
var<storage> winners: array<u32>;
#endif
#if DERIVATIVE
// Of SiLU at each sum: what its gradient is multiplied by.
var<storage> derivative: array<vec4f>;
#endif

const LANES = vec4u(0u, 1u, 2u, 3u);

fn store(pixel: u32, column: u32, values: vec4f) {
#if HALF_OUTPUT
  output[pixel * (OUT_CHANNELS / 4u) + column] = packHalves(values);
#elif VECTOR_OUT
  output[pixel * (OUT_CHANNELS / 4u) + column] = values;
#else
#unroll lane 0 4
  if (4u * column + $(lane)u < OUT_CHANNELS) { output[pixel * OUT_CHANNELS + 4u * column + $(lane)u] = values[$(lane)]; }
#end
#endif
}

@compute @workgroup_size(GROUP_COLUMNS, GROUP_PLACES)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
#include workgroup_place line
  let image = line / BLOCKS_DOWN;
  let lineOfImage = line % BLOCKS_DOWN;

  // Channels beyond the last repeat it, and are not stored.
  let channels = min(vec4u(4u * column) + LANES, vec4u(OUT_CHANNELS - 1u));
#if BIAS
  let biases = vec4f(bias[channels.x], bias[channels.y], bias[channels.z], bias[channels.w]);
#else
  let biases = vec4f(0.0);
#endif
#unroll k 0 TAPS * IN_CHANNELS
#if VECTOR_FILTERS
  let at_filter_$(k) = $(k)u * (OUT_CHANNELS / 4u) + column;
#else
  let at_filter_$(k) = $(k)u * OUT_CHANNELS + channels;
#endif
#include load filter_$(k) tensor=filters
#end

  let patchY = lineOfImage * (BLOCK_HEIGHT * STRIDE_HEIGHT) - PAD_TOP;
#include patch_rows in
#unroll x 0 OVERLAP
  let firstX_$(x) = $(x)u - PAD_LEFT;
#unroll y 0 PATCH_HEIGHT
#unroll k 0 IN_CHANNELS
  var carried_$(y)_$(x)_$(k) = select(
    0.0,
    input[(inRow_$(y) + min(firstX_$(x), IN_WIDTH - 1u)) * IN_CHANNELS + $(k)u],
    insideY_$(y) & (firstX_$(x) < IN_WIDTH),
  );
#end
#end
#end

  for (var block = 0u; block < BLOCKS_ACROSS; block++) {
#unroll x 0 PATCH_WIDTH
#unroll y 0 PATCH_HEIGHT
#unroll k 0 IN_CHANNELS
#if x < OVERLAP
    let pixel_$(y)_$(x)_$(k) = carried_$(y)_$(x)_$(k);
#else
    let inX_$(y)_$(x)_$(k) = block * (BLOCK_WIDTH * STRIDE_WIDTH) + $(x)u - PAD_LEFT;
    let pixel_$(y)_$(x)_$(k) = select(
      0.0,
      input[(inRow_$(y) + min(inX_$(y)_$(x)_$(k), IN_WIDTH - 1u)) * IN_CHANNELS + $(k)u],
      insideY_$(y) & (inX_$(y)_$(x)_$(k) < IN_WIDTH),
    );
#endif
#end
#end
#end
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
#unroll k 0 IN_CHANNELS
    carried_$(y)_$(x)_$(k) = pixel_$(y)_$(x + BLOCK_WIDTH * STRIDE_WIDTH)_$(k);
#end
#end
#end

    // Sums of scalars, one after the other, stay in registers; sums of vectors would spill on software adapters.
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    let sum_$(y)_$(x) = vec4f(
#unroll lane 0 4
      biases[$(lane)]
#unroll kernelY 0 KERNEL_HEIGHT
#unroll kernelX 0 KERNEL_WIDTH
#unroll k 0 IN_CHANNELS
        + pixel_$(y * STRIDE_HEIGHT + kernelY * DILATION_HEIGHT)_$(x * STRIDE_WIDTH + kernelX * DILATION_WIDTH)_$(k)
        * filter_$((kernelY * KERNEL_WIDTH + kernelX) * IN_CHANNELS + k)[$(lane)]
#end
#end
#end
      ,
#end
    );
#end
#end

#if POOL
#unroll window 0 BLOCK_WIDTH / 2
    {
      let pooledX = block * (BLOCK_WIDTH / 2u) + $(window)u;
#if BLOCKS_ACROSS * BLOCK_WIDTH > 2 * POOLED_WIDTH
      if (pooledX < POOLED_WIDTH) {
#else
      {
#endif
        var most = sum_0_$(2 * window);
        var winner = vec4u(0u);
#unroll place 1 4
        winner = select(winner, vec4u($(place)u), sum_$(place / 2)_$(2 * window + place % 2) > most);
        most = max(most, sum_$(place / 2)_$(2 * window + place % 2));
#end
#if RELU
        winner = select(vec4u(4u), winner, most > vec4f(0.0));
        most = max(most, vec4f(0.0));
#endif
#if VECTOR_OUT == 0
        winner = select(vec4u(4u), winner, vec4u(4u * column) + LANES < vec4u(OUT_CHANNELS));
#endif
        let pooled = (image * POOLED_HEIGHT + lineOfImage) * POOLED_WIDTH + pooledX;
        store(pooled, column, most);
        winners[pooled * COLUMNS + column] = winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u);
      }
    }
#end
#else
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
    if ((block * BLOCK_WIDTH + $(x)u < OUT_WIDTH) & (lineOfImage * BLOCK_HEIGHT + $(y)u < OUT_HEIGHT)) {
      let pixel = (image * OUT_HEIGHT + lineOfImage * BLOCK_HEIGHT + $(y)u) * OUT_WIDTH + block * BLOCK_WIDTH + $(x)u;
#if DERIVATIVE
      derivative[pixel * (OUT_CHANNELS / 4u) + column] = siluDerivative(sum_$(y)_$(x));
#endif
#if RELU
      store(pixel, column, relu(sum_$(y)_$(x)));
#elif SILU
      store(pixel, column, silu(sum_$(y)_$(x)));
#else
      store(pixel, column, sum_$(y)_$(x));
#endif
    }
#end
#end
#endif
  }
}
