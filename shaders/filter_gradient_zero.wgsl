  // The thread's sums, nothing yet.
#unroll vector 0 VECTORS
  var biasSum_$(vector) = vec4f(0.0);
#unroll k 0 CHANNEL_UNIT
#unroll tapY 0 TAP_ROWS
#unroll tapX 0 KERNEL_WIDTH
  var sum_$(k)_$(tapY)_$(tapX)_$(vector) = vec4f(0.0);
#end
#end
#end
#end
