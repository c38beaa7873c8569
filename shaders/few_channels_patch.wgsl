// Of `block` its image and its place there, and pixel_y_x: what all taps see of `channel` from all its places, 2 rows × 4 columns. Rows and
// columns of the patch that are inside of the image whatever the block are known here, and want no test.
    let line = block / BLOCKS_ACROSS;
    let image = line / BLOCKS_DOWN;
    let blockY = line % BLOCKS_DOWN;
    let blockX = block % BLOCKS_ACROSS;
#unroll x 0 PATCH_WIDTH
#if x >= PAD_LEFT && (BLOCKS_ACROSS - 1) * 4 * STRIDE_WIDTH + x < IN_WIDTH + PAD_LEFT
    let place_$(x) = (blockX * $(4 * STRIDE_WIDTH)u + $(x - PAD_LEFT)u) * IN_CHANNELS + channel;
#else
    // Left of the image unsigned places are huge.
    let inX_$(x) = blockX * $(4 * STRIDE_WIDTH)u + $(x)u - PAD_LEFT;
    let place_$(x) = min(inX_$(x), IN_WIDTH - 1u) * IN_CHANNELS + channel;
#endif
#end
#unroll y 0 PATCH_HEIGHT
#if y >= PAD_TOP && (BLOCKS_DOWN - 1) * 2 * STRIDE_HEIGHT + y < IN_HEIGHT + PAD_TOP
    let start_$(y) = (image * IN_HEIGHT + blockY * $(2 * STRIDE_HEIGHT)u + $(y - PAD_TOP)u) * $(IN_WIDTH * IN_CHANNELS)u;
#else
    let inY_$(y) = blockY * $(2 * STRIDE_HEIGHT)u + $(y)u - PAD_TOP;
    let start_$(y) = (image * IN_HEIGHT + min(inY_$(y), IN_HEIGHT - 1u)) * $(IN_WIDTH * IN_CHANNELS)u;
#endif
#unroll x 0 PATCH_WIDTH
    let at_loaded_$(y)_$(x) = start_$(y) + place_$(x);
#include load loaded_$(y)_$(x) tensor=input
#if x >= PAD_LEFT && (BLOCKS_ACROSS - 1) * 4 * STRIDE_WIDTH + x < IN_WIDTH + PAD_LEFT
#if y >= PAD_TOP && (BLOCKS_DOWN - 1) * 2 * STRIDE_HEIGHT + y < IN_HEIGHT + PAD_TOP
    let pixel_$(y)_$(x) = loaded_$(y)_$(x);
#else
    let pixel_$(y)_$(x) = select(0.0, loaded_$(y)_$(x), inY_$(y) < IN_HEIGHT);
#endif
#elif y >= PAD_TOP && (BLOCKS_DOWN - 1) * 2 * STRIDE_HEIGHT + y < IN_HEIGHT + PAD_TOP
    let pixel_$(y)_$(x) = select(0.0, loaded_$(y)_$(x), inX_$(x) < IN_WIDTH);
#else
    let pixel_$(y)_$(x) = select(0.0, loaded_$(y)_$(x), (inY_$(y) < IN_HEIGHT) & (inX_$(x) < IN_WIDTH));
#endif
#end
#end
