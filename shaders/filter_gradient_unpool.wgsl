  // The gradients of a block, gradient_y_x_vector, from behind a 2×2 max-pool: a pooled value and its winner are loaded once
  // and stand for four of them, three of which are zero.
#unroll window 0 BLOCK_WIDTH / 2
  let pooledX_$(window) = block * (BLOCK_WIDTH / 2u) + $(window)u;
  let pooled_$(window) = (image * POOLED_HEIGHT + lineOfImage) * POOLED_WIDTH + min(pooledX_$(window), POOLED_WIDTH - 1u);
#unroll vector 0 VECTORS
  let at_arrived_$(window)_$(vector) = pooled_$(window) * (OUT_CHANNELS / $(1 + 3 * VECTOR_UPSTREAM)u) + upstreamPlace_$(vector);
#include load arrived_$(window)_$(vector) tensor=upstream
  let word_$(window)_$(vector) = winners[pooled_$(window) * WINNER_WORDS + vectorOfPixel_$(vector)];
#if BLOCKS_ACROSS * BLOCK_WIDTH == 2 * POOLED_WIDTH
  let winner_$(window)_$(vector) = vec4u(word_$(window)_$(vector)) & BYTES;
#else
  let winner_$(window)_$(vector) = vec4u(select(NO_WINNER, word_$(window)_$(vector), pooledX_$(window) < POOLED_WIDTH)) & BYTES;
#endif
#if BIAS
  biasSum_$(vector) += select(vec4f(0.0), arrived_$(window)_$(vector), winner_$(window)_$(vector) < 4u * BYTE_ONES);
#endif
#unroll place 0 4
  let gradient_$(place / 2)_$(2 * window + place % 2)_$(vector) = unpooled(arrived_$(window)_$(vector), winner_$(window)_$(vector), $(place)u);
#end
#end
#end
