// Matrix product [M, K] · [K, N] → [M, N], either operand stored transposed. A thread keeps TILE_ROWS rows of
// 4 · TILE_VECTORS columns of the result in registers and reads straight from storage: each loaded vec4 of `b` serves
// all its rows, each value of `a` all its columns. K is walked in chunks of K_UNIT: four, so that operands which lie along K
// load as vectors, or one, where a short program matters more.
//
// Where the result is small and K long, K_SLICES threads share a tile: each takes every K_SLICES-th chunk, and their
// partial sums meet in workgroup memory, added in the order of the slices.
//
// Sizes need not divide: rows and columns beyond the edge repeat the last one and are not stored; K beyond its end
// counts as zeros.

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

// Neighbouring values of a stored matrix: four across, or a chunk along K. `place` is worked out once, before the loop over K: the start of a row
// (operand stored with K innermost), or the columns within a row (K outermost), already kept inside the matrix.
#if TRANSPOSE_A && VECTOR_A
fn loadA(place: u32, k: u32) -> vec4f {
  return elementA(k * (M / 4u) + place);
}
#elif TRANSPOSE_A
fn loadA(place: vec4u, k: u32) -> vec4f {
  let start = k * M;
  return vec4f(elementA(start + place.x), elementA(start + place.y), elementA(start + place.z), elementA(start + place.w));
}
#elif K_UNIT == 1
fn loadA(place: u32, k: u32) -> f32 {
  return elementA(place + k);
}
#elif VECTOR_A
fn loadA(place: u32, k: vec4u) -> vec4f {
  return elementA(place + k.x / 4u);
}
#else
fn loadA(place: u32, k: vec4u) -> vec4f {
  return vec4f(elementA(place + k.x), elementA(place + k.y), elementA(place + k.z), elementA(place + k.w));
}
#endif

#if TRANSPOSE_B && K_UNIT == 1
fn loadB(place: u32, k: u32) -> f32 {
  return elementB(place + k);
}
#elif TRANSPOSE_B && VECTOR_B
fn loadB(place: u32, k: vec4u) -> vec4f {
  return elementB(place + k.x / 4u);
}
#elif TRANSPOSE_B
fn loadB(place: u32, k: vec4u) -> vec4f {
  return vec4f(elementB(place + k.x), elementB(place + k.y), elementB(place + k.z), elementB(place + k.w));
}
#elif VECTOR_B
fn loadB(place: u32, k: u32) -> vec4f {
  return elementB(k * (N / 4u) + place);
}
#else
fn loadB(place: vec4u, k: u32) -> vec4f {
  let start = k * N;
  return vec4f(elementB(start + place.x), elementB(start + place.y), elementB(start + place.z), elementB(start + place.w));
}
#endif

const FOUR = vec4u(0u, 1u, 2u, 3u);

fn store(row: u32, column: u32, sum: vec4f) {
  if (row >= M) { return; }
  var values = sum;
#if BIAS
  values += vec4f(
    bias[min(column, N - 1u)],
    bias[min(column + 1u, N - 1u)],
    bias[min(column + 2u, N - 1u)],
    bias[min(column + 3u, N - 1u)],
  );
#endif
#if RELU
  values = relu(values);
#endif
#if HALF_OUTPUT
  if (column < N) { output[row * (N / 4u) + column / 4u] = packHalves(values); }
#elif VECTOR_OUTPUT
  if (column < N) { output[row * (N / 4u) + column / 4u] = values; }
#else
#unroll lane 0 4
  if (column + $(lane)u < N) { output[row * N + column + $(lane)u] = values[$(lane)]; }
#end
#endif
}

#if K_SLICES > 1
var<workgroup> partialSums: array<vec4f, PARTIAL_SUMS>;
#endif

@compute @workgroup_size(GROUP_COLUMNS, GROUP_ROWS, K_SLICES)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let group = workgroup.y * workgroupCount.x + workgroup.x;
  let firstRow = ((group / COLUMN_GROUPS) * GROUP_ROWS + local.y) * TILE_ROWS;
  let firstColumn = ((group % COLUMN_GROUPS) * GROUP_COLUMNS + local.x) * (4u * TILE_VECTORS);

#unroll row 0 TILE_ROWS
#unroll vector 0 TILE_VECTORS
  var sum_$(row)_$(vector) = vec4f(0.0);
#end
#end

#if TRANSPOSE_A && VECTOR_A
#unroll quad 0 (TILE_ROWS + 3) / 4
  let aPlace_$(quad) = min(firstRow / 4u + $(quad)u, M / 4u - 1u);
#end
#elif TRANSPOSE_A
#unroll quad 0 (TILE_ROWS + 3) / 4
  let aPlace_$(quad) = min(vec4u(firstRow + $(4 * quad)u) + FOUR, vec4u(M - 1u));
#end
#else
#unroll row 0 TILE_ROWS
  let aPlace_$(row) = min(firstRow + $(row)u, M - 1u) * A_PITCH;
#end
#endif
#if TRANSPOSE_B
#unroll column 0 4 * TILE_VECTORS
  let bPlace_$(column) = min(firstColumn + $(column)u, N - 1u) * B_PITCH;
#end
#elif VECTOR_B
#unroll vector 0 TILE_VECTORS
  let bPlace_$(vector) = min(firstColumn / 4u + $(vector)u, N / 4u - 1u);
#end
#else
#unroll vector 0 TILE_VECTORS
  let bPlace_$(vector) = min(vec4u(firstColumn + $(4 * vector)u) + FOUR, vec4u(N - 1u));
#end
#endif

  for (var step = 0u; step < STEPS; step++) {
    let chunk = step * K_SLICES + local.z;
#if STEPS * K_SLICES > CHUNKS
    if (chunk < CHUNKS) {
#else
    {
#endif
#if K_UNIT == 1
      let k = chunk;
#elif K % 4 == 0
      let k = vec4u(4u * chunk) + FOUR;
#else
      // Beyond its end K repeats the last place, and `a` counts as zero.
      let wantedK = vec4u(4u * chunk) + FOUR;
      let insideK = wantedK < vec4u(K);
      let k = min(wantedK, vec4u(K - 1u));
#endif
#if TRANSPOSE_A
#unroll i 0 K_UNIT
#unroll quad 0 (TILE_ROWS + 3) / 4
#if K_UNIT == 1
      let a_$(i)_$(quad) = loadA(aPlace_$(quad), k);
#elif K % 4 == 0
      let a_$(i)_$(quad) = loadA(aPlace_$(quad), k[$(i)]);
#else
      let a_$(i)_$(quad) = select(vec4f(0.0), loadA(aPlace_$(quad), k[$(i)]), insideK[$(i)]);
#endif
#end
#end
#else
#unroll row 0 TILE_ROWS
#if K % K_UNIT == 0
      let a_$(row) = loadA(aPlace_$(row), k);
#else
      let a_$(row) = select(vec4f(0.0), loadA(aPlace_$(row), k), insideK);
#endif
#end
#endif
#if TRANSPOSE_B
#unroll column 0 4 * TILE_VECTORS
      let b_$(column) = loadB(bPlace_$(column), k);
#end
#endif
#unroll i 0 K_UNIT
#unroll vector 0 TILE_VECTORS
#if TRANSPOSE_B && K_UNIT == 1
      let b_$(i)_$(vector) = vec4f(b_$(4 * vector), b_$(4 * vector + 1), b_$(4 * vector + 2), b_$(4 * vector + 3));
#elif TRANSPOSE_B
      let b_$(i)_$(vector) = vec4f(b_$(4 * vector)[$(i)], b_$(4 * vector + 1)[$(i)], b_$(4 * vector + 2)[$(i)], b_$(4 * vector + 3)[$(i)]);
#elif K_UNIT == 1
      let b_$(i)_$(vector) = loadB(bPlace_$(vector), k);
#else
      let b_$(i)_$(vector) = loadB(bPlace_$(vector), k[$(i)]);
#endif
#unroll row 0 TILE_ROWS
#if TRANSPOSE_A
      sum_$(row)_$(vector) += a_$(i)_$(row / 4)[$(row % 4)] * b_$(i)_$(vector);
#elif K_UNIT == 1
      sum_$(row)_$(vector) += a_$(row) * b_$(i)_$(vector);
#else
      sum_$(row)_$(vector) += a_$(row)[$(i)] * b_$(i)_$(vector);
#endif
#end
#end
#end
    }
  }

#if K_SLICES == 1
#unroll row 0 TILE_ROWS
#unroll vector 0 TILE_VECTORS
  store(firstRow + $(row)u, firstColumn + $(4 * vector)u, sum_$(row)_$(vector));
#end
#end
#else
  // partialSums[slice, place in the tile, tile of the workgroup]
  let tile = local.y * GROUP_COLUMNS + local.x;
  let tiles = GROUP_ROWS * GROUP_COLUMNS;
  let places = TILE_ROWS * TILE_VECTORS;
#unroll row 0 TILE_ROWS
#unroll vector 0 TILE_VECTORS
  partialSums[(local.z * places + $(row * TILE_VECTORS + vector)u) * tiles + tile] = sum_$(row)_$(vector);
#end
#end
  workgroupBarrier();
  // The threads of a tile divide its places among themselves; the slices of a place are added in their order.
  for (var turn = 0u; turn < PLACE_TURNS; turn++) {
    let place = turn * K_SLICES + local.z;
    if (place < places) {
      var sum = partialSums[place * tiles + tile];
      for (var slice = 1u; slice < K_SLICES; slice++) {
        sum += partialSums[(slice * places + place) * tiles + tile];
      }
      store(firstRow + place / TILE_VECTORS, firstColumn + 4u * (place % TILE_VECTORS), sum);
    }
  }
#endif
}
