// For a walk along a line of blocks that share OVERLAP columns of their patches: what the block before the first one would
// have left to it. The patch begins in column patchX of the rows of patch_rows.wgsl; the thread's channels lie at
// channelPlace within a pixel, in elements of `{tensor}`.
#unroll x 0 OVERLAP
  let startX_$(x) = patchX + $(x)u;
#unroll y 0 PATCH_HEIGHT
  let at_start_$(y)_$(x) =
    ({image}Row_$(y) + min(startX_$(x), {IMAGE}_WIDTH - 1u)) * ({IMAGE}_CHANNELS / $(1 + 3 * VECTOR_{TENSOR})u) + channelPlace;
#include load start_$(y)_$(x) tensor={tensor}
  var carried_$(y)_$(x) = select(Loaded{Tensor}(0.0), start_$(y)_$(x), insideY_$(y) & (startX_$(x) < {IMAGE}_WIDTH));
#end
#end
