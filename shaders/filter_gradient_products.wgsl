  // Adds the products of a block's gradients with the pixels under each tap. Sums of scalars, one after the other, stay in
  // registers; sums of vectors would spill on software adapters. Two columns make a term of their own, so that not every
  // addition waits for the one before.
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
#unroll vector 0 VECTORS
  sum_$(k)_$(tapY)_$(tapX)_$(vector) = vec4f(
#unroll lane 0 4
    sum_$(k)_$(tapY)_$(tapX)_$(vector)[$(lane)]
#unroll pair 0 BLOCK_WIDTH / 2
    + (
#unroll y 0 BLOCK_HEIGHT
#unroll x 0 2
#if y + x > 0
      +
#endif
      gradient_$(y)_$(2 * pair + x)_$(vector)[$(lane)] * pixel_$(y * STRIDE_HEIGHT + tapY * DILATION_HEIGHT)_$((2 * pair + x) * STRIDE_WIDTH + tapX * DILATION_WIDTH)
#if PER_LANE > 0
        [$(lane)]
#elif CHANNEL_UNIT == 4
        [$(k)]
#endif
#end
#end
    )
#end
    ,
#end
  );
#end
#end
#end
#end
