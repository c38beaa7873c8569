  // The gradients of a block, gradient_y_x_vector; those outside count as zero.
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 BLOCK_WIDTH
  let outPixel_$(y)_$(x) =
    (image * OUT_HEIGHT + min(firstY + $(y)u, OUT_HEIGHT - 1u)) * OUT_WIDTH + min(firstX + $(x)u, OUT_WIDTH - 1u);
  let isInside_$(y)_$(x) = (firstY + $(y)u < OUT_HEIGHT) & (firstX + $(x)u < OUT_WIDTH);
#unroll vector 0 VECTORS
  let at_arrived_$(y)_$(x)_$(vector) = outPixel_$(y)_$(x) * (OUT_CHANNELS / $(1 + 3 * VECTOR_UPSTREAM)u) + upstreamPlace_$(vector);
#include load arrived_$(y)_$(x)_$(vector) tensor=upstream
#if SCALED
  let scaled_$(y)_$(x)_$(vector) = arrived_$(y)_$(x)_$(vector) * derivative[at_arrived_$(y)_$(x)_$(vector)];
#else
  let scaled_$(y)_$(x)_$(vector) = arrived_$(y)_$(x)_$(vector);
#endif
  let gradient_$(y)_$(x)_$(vector) = select(vec4f(0.0), scaled_$(y)_$(x)_$(vector), isInside_$(y)_$(x));
#if BIAS
  biasSum_$(vector) += gradient_$(y)_$(x)_$(vector);
#endif
#end
#end
#end
