// Divides the partial sums of all gradients by the loss scale, where they lie, and notes whether one of them is not
// finite: counters[2] is then 1. A thread owns four neighbouring elements of the arena, as in optimizer_update.wgsl.

// As in optimizer_update.wgsl.
struct Block {
  start: u32,
  slices: u32,
  sliceStride: u32,
  valid: u32,
}

var<storage> gradientPartials: array<vec4f>;
var<storage> blockTable: array<Block>;
var<storage> lossScale: array<f32>;
var<storage> counters: array<atomic<u32>>;

#include linear_index

const EXPONENT = vec4u(0x7f800000u);

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= ARENA_VECTORS) { return; }
  let block = blockTable[index / 16u];
  let first = (index % 16u) * 4u;
  if (first >= block.valid) { return; }
  // A gradient may end inside this vector; what lies behind it is nobody's.
  let inside = vec4u(first) + vec4u(0u, 1u, 2u, 3u) < vec4u(block.valid);
  let inverse = 1.0 / lossScale[0];
  var finite = true;
  for (var slice = 0u; slice < block.slices; slice++) {
    let place = (block.start + slice * block.sliceStride + first) / 4u;
    let value = gradientPartials[place];
    // Infinity and NaN by their bits: float arithmetic may take for granted that there are none.
    finite = finite && !any(((bitcast<vec4u>(value) & EXPONENT) == EXPONENT) & inside);
    gradientPartials[place] = value * inverse;
  }
  if (!finite) { atomicStore(&counters[2], 1u); }
}
