  // The first pixel of the block, and its image.
  let blockX = (block % BLOCKS_ACROSS) * BLOCK_WIDTH;
  let blockY = ((block / BLOCKS_ACROSS) % BLOCKS_DOWN) * BLOCK_HEIGHT;
  let image = block / (BLOCKS_ACROSS * BLOCKS_DOWN);
