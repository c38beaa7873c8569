// The gradient of four neighbouring elements of an arena, summed up from the slices that its kernels left.

// What a block of 64 arena elements needs to know of its gradient.
struct Block {
  // Where the first slice of the block's gradient starts in gradientPartials.
  start: u32,
  slices: u32,
  // Elements from one slice to the next.
  sliceStride: u32,
  // Elements of the block that belong to a parameter; those after them are padding and stay as they are.
  valid: u32,
}

#if ALIGNED_PARTIALS
var<storage> gradientPartials: array<vec4f>;
#else
var<storage> gradientPartials: array<f32>;
#endif
// A row a block: the fields of Block.
var<storage> blockTable: array<vec4u>;

fn blockOf(vector: u32) -> Block {
  let row = blockTable[vector / 16u];
  return Block(row.x, row.y, row.z, row.w);
}

// Which of the vector's elements exist: a parameter may end inside it.
fn insideBlock(block: Block, vector: u32) -> vec4<bool> {
  return vec4u((vector % 16u) * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(block.valid);
}

fn loadPartial(element: u32) -> vec4f {
#if ALIGNED_PARTIALS
  return gradientPartials[element / 4u];
#else
  return vec4f(
    gradientPartials[element],
    gradientPartials[element + 1u],
    gradientPartials[element + 2u],
    gradientPartials[element + 3u],
  );
#endif
}

// The sum over the slices, in their order; 0 for elements that do not exist.
fn gradientSum(block: Block, vector: u32) -> vec4f {
  let first = block.start + (vector % 16u) * 4u;
  var gradient = vec4f(0.0);
  for (var slice = 0u; slice < block.slices; slice++) {
    gradient += loadPartial(first + slice * block.sliceStride);
  }
  return select(vec4f(0.0), gradient, insideBlock(block, vector));
}
