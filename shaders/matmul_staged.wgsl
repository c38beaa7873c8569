// Matrix product [M, K] · [K, N] → [M, N], either operand stored transposed, from workgroup memory: a workgroup computes TILE_A rows ×
// TILE_B columns. In turns of DEPTH summed places its threads bring both factors there, as they lie in memory, four values at a time where
// they can, and multiply from there: a thread 4 · ROW_VECTORS rows by 4 · COLUMN_VECTORS columns (staged_turn.wgsl).
//
// Where the result is small and K long, SLICES threads share these sums: of each turn every slice multiplies K_TILE places, and the partial
// sums meet in workgroup memory, added in the order of the slices.
//
// Sizes need not divide: rows and columns beyond the edge repeat the last one and are not stored; K beyond its end counts as zeros.

// HALF_OUTPUT: stored as 16-bit floats, four to a vec2u.
#include half
#include relu

#include matmul_operand a
#include matmul_operand b
#if BIAS
var<storage> bias: array<f32>;
#endif
#if HALF_OUTPUT
var<storage> output: array<vec2u>;
#elif VECTOR_OUTPUT
var<storage> output: array<vec4f>;
#else
var<storage> output: array<f32>;
#endif

// Of each summed place four neighbouring rows a vector, and four neighbouring columns; partial sums lie where rows did.
var<workgroup> pixels: array<vec4f, MEMORY_A>;
var<workgroup> weights: array<vec4f, MEMORY_B>;

// Four columns of the result from `column` on. `place` is that of the first of them.
fn store(place: u32, row: u32, column: u32, sum: vec4f) {
#if M % TILE_A > 0
  if (row >= M) { return; }
#endif
#if RELU
  let values = relu(sum);
#else
  let values = sum;
#endif
#if VECTOR_OUTPUT
#if N % TILE_B > 0
  if (column >= N) { return; }
#endif
#if HALF_OUTPUT
  output[place / 4u] = packHalves(values);
#else
  output[place / 4u] = values;
#endif
#else
#unroll lane 0 4
  if (column + $(lane)u < N) { output[place + $(lane)u] = values[$(lane)]; }
#end
#endif
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let tile = workgroup.y * workgroupCount.x + workgroup.x;
  let firstA = (tile / COLUMN_TILES) * TILE_A;
  let firstB = (tile % COLUMN_TILES) * TILE_B;
  if (firstA >= M) { return; }

  // What this thread brings: the same places all the way.
#include staged_operand_place a
#include staged_operand_place b

  // What it multiplies.
  let slice = thread / $(THREADS / SLICES)u;
  let place = thread % $(THREADS / SLICES)u;
  let rowPlace = slice * $(K_TILE * TILE_A / 4)u + (place / THREADS_ACROSS) * ROW_VECTORS;
  let columnPlace = slice * $(K_TILE * TILE_B / 4)u + place % THREADS_ACROSS;
  let firstRow = firstA + 4u * (place / THREADS_ACROSS) * ROW_VECTORS;
#unroll column 0 COLUMN_VECTORS
  let column_$(column) = firstB + 4u * (place % THREADS_ACROSS + $(column)u * THREADS_ACROSS);
#if BIAS
  var bias_$(column) = vec4f(0.0);
#if SLICES > 1
  // Once.
  if (slice == 0u) {
#else
  {
#endif
#unroll lane 0 4
    bias_$(column)[$(lane)] = bias[min(column_$(column) + $(lane)u, N - 1u)];
#end
  }
#else
  let bias_$(column) = vec4f(0.0);
#endif
#unroll row 0 4 * ROW_VECTORS
  var sum_$(row)_$(column) = bias_$(column);
#end
#end

#if TURNS > 1
  for (var turn = 0u; turn < TURNS; turn++) {
    let firstK = turn * DEPTH;
#else
  {
    let firstK = 0u;
#endif
#include staged_operand_load a
#include staged_operand_load b
    // Everybody is through with the turn before.
    workgroupBarrier();
#include staged_operand_bring a tile=pixels
#include staged_operand_bring b tile=weights
    workgroupBarrier();
#if FLAT_A
#include staged_short_turn
#else
#include staged_turn
#endif
  }

#unroll other 1 SLICES
  workgroupBarrier();
  if (slice == $(other)u) {
#unroll row 0 4 * ROW_VECTORS
#unroll column 0 COLUMN_VECTORS
    pixels[place + $((row * COLUMN_VECTORS + column) * THREADS / SLICES)u] = sum_$(row)_$(column);
#end
#end
  }
  workgroupBarrier();
  if (slice == 0u) {
#unroll row 0 4 * ROW_VECTORS
#unroll column 0 COLUMN_VECTORS
    sum_$(row)_$(column) += pixels[place + $((row * COLUMN_VECTORS + column) * THREADS / SLICES)u];
#end
#end
  }
#end
#if SLICES > 1
  if (slice > 0u) { return; }
#endif
#unroll column 0 COLUMN_VECTORS
  let place_$(column) = firstRow * N + column_$(column);
#end
#unroll row 0 4 * ROW_VECTORS
#unroll column 0 COLUMN_VECTORS
  store(place_$(column) + $(row)u * N, firstRow + $(row)u, column_$(column), sum_$(row)_$(column));
#end
#end
}
