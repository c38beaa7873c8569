// The patch of the next block, {name}_y_x: its left columns are the right ones of the block before (patch_start.wgsl), those
// from FIRST_COLUMN up to END_COLUMN may lie inside the image, all others are padding.
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
  let {name}_$(y)_$(x) = carried_$(y)_$(x);
#end
#end
#unroll x OVERLAP PATCH_WIDTH
#if x >= FIRST_COLUMN && x < END_COLUMN
  let {image}X_$(x) = patchX + $(x)u;
#if BLOCKS_ACROSS > 1
  let insideX_$(x) = {image}X_$(x) < {IMAGE}_WIDTH;
#else
  let insideX_$(x) = true;
#endif
#unroll y 0 PATCH_HEIGHT
  let at_loaded_$(y)_$(x) =
    ({image}Row_$(y) + min({image}X_$(x), {IMAGE}_WIDTH - 1u)) * ({IMAGE}_CHANNELS / $(1 + 3 * VECTOR_{TENSOR})u) + channelPlace;
#include load loaded_$(y)_$(x) tensor={tensor}
  let {name}_$(y)_$(x) = select(Loaded{Tensor}(0.0), loaded_$(y)_$(x), insideX_$(x) & insideY_$(y));
#end
#else
#unroll y 0 PATCH_HEIGHT
  let {name}_$(y)_$(x) = Loaded{Tensor}(0.0);
#end
#endif
#end
#unroll x 0 OVERLAP
#unroll y 0 PATCH_HEIGHT
  carried_$(y)_$(x) = {name}_$(y)_$(x + BLOCK_PITCH);
#end
#end
