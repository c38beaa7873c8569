// Matrix product [M, K] · [K, N] → [M, N], either operand stored transposed, by matrices that a subgroup multiplies as a
// whole (Chromium's experimental extension of WGSL). A workgroup computes GROUP_M × GROUP_N of the result: it copies
// GROUP_M × TILE_K of `a` and TILE_K × GROUP_N of `b` into workgroup memory, with zeros beyond the edges, and each of its
// four subgroups, in two rows of two, multiplies them for its own ROW_MATRICES × COLUMN_MATRICES matrices of
// MATRIX_M × MATRIX_N. Sums run along K in steps of MATRIX_K, always in that order.
//
// With HALVES both operands are stored as 16-bit floats and multiplied as such: their products are exact in the f32 of the
// sums.
//
// The shader is written for subgroups of SUBGROUP_SIZE threads. Smaller ones repeat their neighbours' work. In larger ones
// two tiles would meet: then every thread adds up what it stores by itself, slow and right.

enable chromium_experimental_subgroup_matrix;
enable subgroups;
#if HALVES
enable f16;
alias Operand = f16;
#else
alias Operand = f32;
#endif

var<storage> a: array<Operand>;
var<storage> b: array<Operand>;
var<storage> output: array<f32>;

// Row by row: [GROUP_M, TILE_K], [TILE_K, GROUP_N], and a matrix [MATRIX_M, MATRIX_N] for each subgroup.
var<workgroup> tileA: array<Operand, $(GROUP_M * TILE_K)>;
var<workgroup> tileB: array<Operand, $(TILE_K * GROUP_N)>;
var<workgroup> results: array<f32, $(SUBGROUPS * MATRIX_M * MATRIX_N)>;

alias Left = subgroup_matrix_left<Operand, $(MATRIX_K), $(MATRIX_M)>;
alias Right = subgroup_matrix_right<Operand, $(MATRIX_N), $(MATRIX_K)>;
alias Result = subgroup_matrix_result<f32, $(MATRIX_N), $(MATRIX_M)>;

fn loadA(row: u32, k: u32) -> Operand {
  if (row >= M || k >= K) { return Operand(0.0); }
#if TRANSPOSE_A
  return a[k * M + row];
#else
  return a[row * K + k];
#endif
}

fn loadB(k: u32, column: u32) -> Operand {
  if (k >= K || column >= N) { return Operand(0.0); }
#if TRANSPOSE_B
  return b[column * K + k];
#else
  return b[k * N + column];
#endif
}

// Writes a matrix of each subgroup to the output; `row` and `column` are where that of the first one begins.
fn storeResults(thread: u32, row: u32, column: u32, wrongSubgroups: bool) {
  for (var place = thread; place < $(SUBGROUPS * MATRIX_M * MATRIX_N); place += THREADS) {
    let subgroup = place / $(MATRIX_M * MATRIX_N);
    let m = row + subgroup / 2u * $(ROW_MATRICES * MATRIX_M) + place / MATRIX_N % MATRIX_M;
    let n = column + subgroup % 2u * $(COLUMN_MATRICES * MATRIX_N) + place % MATRIX_N;
    if (m >= M || n >= N) { continue; }
    var sum = results[place];
    if (wrongSubgroups) {
      sum = 0.0;
      for (var k = 0u; k < K; k++) { sum += f32(loadA(m, k)) * f32(loadB(k, n)); }
    }
    output[m * N + n] = sum;
  }
}

// Chromium's analysis takes all that follows from a thread's index for different in each thread, what is broadcast too.
@diagnostic(off, chromium.subgroup_matrix_uniformity)
@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_size) subgroupSize: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let group = workgroup.y * workgroupCount.x + workgroup.x;
  let groupRow = (group / COLUMN_GROUPS) * GROUP_M;
  let groupColumn = (group % COLUMN_GROUPS) * GROUP_N;
  // Where the subgroup's matrices begin within the workgroup's tile.
  // Equal within a subgroup of any size, as matrices want it.
  let subgroup = subgroupBroadcastFirst(thread) / SUBGROUP_SIZE;
  let subgroupRow = subgroup / 2u * $(ROW_MATRICES * MATRIX_M);
  let subgroupColumn = subgroup % 2u * $(COLUMN_MATRICES * MATRIX_N);

#unroll row 0 ROW_MATRICES
#unroll column 0 COLUMN_MATRICES
  var sum_$(row)_$(column) = Result();
#end
#end

  for (var firstK = 0u; firstK < K; firstK += TILE_K) {
    for (var place = thread; place < GROUP_M * TILE_K; place += THREADS) {
      tileA[place] = loadA(groupRow + place / TILE_K, firstK + place % TILE_K);
    }
    for (var place = thread; place < TILE_K * GROUP_N; place += THREADS) {
      tileB[place] = loadB(firstK + place / GROUP_N, groupColumn + place % GROUP_N);
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_K; k += MATRIX_K) {
#unroll row 0 ROW_MATRICES
      let left_$(row) = subgroupMatrixLoad<Left, row_major>(
        &tileA, (subgroupRow + $(row * MATRIX_M)) * TILE_K + k, TILE_K);
#end
#unroll column 0 COLUMN_MATRICES
      let right_$(column) = subgroupMatrixLoad<Right, row_major>(
        &tileB, k * GROUP_N + subgroupColumn + $(column * MATRIX_N), GROUP_N);
#unroll row 0 ROW_MATRICES
      sum_$(row)_$(column) = subgroupMatrixMultiplyAccumulate(left_$(row), right_$(column), sum_$(row)_$(column));
#end
#end
    }
    workgroupBarrier();
  }

  // How threads hold a matrix is the device's secret: its way out, past the edges, leads through workgroup memory.
#unroll row 0 ROW_MATRICES
#unroll column 0 COLUMN_MATRICES
  subgroupMatrixStore<row_major>(&results, subgroup * $(MATRIX_M * MATRIX_N), sum_$(row)_$(column), MATRIX_N);
  workgroupBarrier();
  storeResults(thread, groupRow + $(row * MATRIX_M), groupColumn + $(column * MATRIX_N), subgroupSize > SUBGROUP_SIZE);
  workgroupBarrier();
#end
#end
}
