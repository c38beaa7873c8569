// Matrix product [M, K] · [K, N] → [M, N] of so few columns that a thread has them all: a dense layer that tells classes, and the gradient
// of its weights. The left operand may be stored transposed; each of its values is wanted by one thread alone, which reads it straight
// from storage, four at a time: neighbours in memory are neighbouring threads'. The right operand goes through workgroup memory as it
// lies in storage, DEPTH summed places a turn, where four of them are N vectors.
//
// A workgroup computes GROUPS · ROWS rows. SLICES threads share the sums of ROWS rows: of each turn each multiplies CHUNKS times four
// summed places. Their partial sums meet in workgroup memory, the second half of them added to the first, and then all in their order.
//
// K is a multiple of 4. Rows beyond the last repeat it and are not stored; beyond its end K repeats its last places, and the left operand
// counts as zero.

#include half
#include relu

#include loaded_tensor a
#include loaded_tensor b
#if BIAS
var<storage> bias: array<f32>;
#endif
var<storage> output: array<f32>;

var<workgroup> weights: array<vec4f, $(DEPTH * N / 4)>;
// Of half of the slices all values of the workgroup's rows.
var<workgroup> partialSums: array<f32, $(GROUPS * ROWS * N * SLICES_PITCH)>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
) {
  let firstRow = (workgroup.y * workgroupCount.x + workgroup.x) * $(GROUPS * ROWS)u;
  if (firstRow >= M) { return; }
#if TRANSPOSE_A
  let group = thread % GROUPS;
  let slice = thread / GROUPS;
  let ownRow = min(firstRow / 4u + group, $(M / 4 - 1)u);
#else
  let group = thread / SLICES;
  let slice = thread % SLICES;
#unroll row 0 ROWS
  let row_$(row) = min(firstRow + group * ROWS + $(row)u, M - 1u) * $(K / 4)u + slice * CHUNKS;
#end
#endif

#unroll row 0 ROWS
#unroll column 0 N
  var sum_$(row)_$(column) = 0.0;
#end
#end

  // Whole turns, then what is left of K.
#unroll rest 0 1 + (K % DEPTH > 0)
#if rest
  {
    let turn = $(K / DEPTH)u;
#else
  for (var turn = 0u; turn < $(K / DEPTH)u; turn++) {
#endif
#unroll load 0 LOADS
    let part_$(load) = thread + $(load)u * THREADS;
#if !rest
    let at_loaded_$(load) = turn * $(DEPTH * N / 4)u + part_$(load);
#else
    let at_loaded_$(load) = min(turn * $(DEPTH * N / 4)u + part_$(load), $(K * N / 4 - 1)u);
#endif
#include load loaded_$(load) tensor=b
#end
    // Everybody is through with the turn before.
    workgroupBarrier();
#unroll load 0 LOADS
#if DEPTH * N / 4 % THREADS > 0
    if (part_$(load) < $(DEPTH * N / 4)u)
#endif
    { weights[part_$(load)] = loaded_$(load); }
#end
    workgroupBarrier();
#if CHUNKS > 1
    for (var chunk = 0u; chunk < CHUNKS; chunk++) {
#else
    {
      let chunk = 0u;
#endif
      let place = slice * CHUNKS + chunk;
#if rest
      let isInside = turn * $(DEPTH / 4)u + place < $(K / 4)u;
#endif
#unroll i 0 ROWS_OR_PLACES
#if TRANSPOSE_A
      let at_stored_$(i) = (turn * DEPTH + 4u * place + $(i)u) * $(M / 4)u + ownRow;
#else
      let at_stored_$(i) = row_$(i) + turn * $(DEPTH / 4)u + chunk;
#endif
#include load stored_$(i) tensor=a
#if !rest
      let a_$(i) = stored_$(i);
#else
      let a_$(i) = select(vec4f(0.0), stored_$(i), isInside);
#endif
#end
#unroll part 0 N
      let b_$(part) = weights[place * N + $(part)u];
#end
#unroll k 0 4
#unroll row 0 ROWS
#unroll column 0 N
#if TRANSPOSE_A
      sum_$(row)_$(column) = fma(a_$(k)[$(row)], b_$((k * N + column) / 4)[$((k * N + column) % 4)], sum_$(row)_$(column));
#else
      sum_$(row)_$(column) = fma(a_$(row)[$(k)], b_$((k * N + column) / 4)[$((k * N + column) % 4)], sum_$(row)_$(column));
#endif
#end
#end
#end
    }
  }
#end

#if SLICES > 1
  let ownPlace = group * SLICES_PITCH + slice % $(SLICES / 2)u;
  if (slice >= $(SLICES / 2)u) {
#unroll row 0 ROWS
#unroll column 0 N
    partialSums[ownPlace + $((row * N + column) * GROUPS * SLICES_PITCH)u] = sum_$(row)_$(column);
#end
#end
  }
  workgroupBarrier();
  if (slice < $(SLICES / 2)u) {
#unroll row 0 ROWS
#unroll column 0 N
    partialSums[ownPlace + $((row * N + column) * GROUPS * SLICES_PITCH)u] += sum_$(row)_$(column);
#end
#end
  }
#else
#unroll row 0 ROWS
#unroll column 0 N
  partialSums[group + $((row * N + column) * GROUPS)u] = sum_$(row)_$(column);
#end
#end
#endif
  workgroupBarrier();
  let end = min($(GROUPS * ROWS * N)u, (M - firstRow) * N);
#if GROUPS * ROWS * N <= THREADS
  let place = thread;
  if (place < end) {
#else
  for (var place = thread; place < end; place += THREADS) {
#endif
    let firstSum = ((place % $(ROWS * N)u) * GROUPS + place / $(ROWS * N)u) * SLICES_PITCH;
    var sum = partialSums[firstSum];
    for (var other = 1u; other < $((SLICES + 1) / 2)u; other++) {
      sum += partialSums[firstSum + other];
    }
#if BIAS
    sum += bias[place % N];
#endif
#if RELU
    output[firstRow * N + place] = relu(vec4f(sum)).x;
#else
    output[firstRow * N + place] = sum;
#endif
  }
}
