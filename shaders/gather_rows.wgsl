// Rows of a table by number. Bytes (packed four to a u32) and floats come out as floats times SCALE, integers as they
// are. A negative number gives a row of zeros, or of −1 from an integer table: labels that losses leave out.
#include linear_index

#if VECTOR && INTEGERS
alias Element = vec4i;
#elif VECTOR
alias Element = vec4f;
#elif INTEGERS
alias Element = i32;
#else
alias Element = f32;
#endif

#if BYTES
@group(0) @binding(0) var<storage, read> table: array<u32>;
#else
@group(0) @binding(0) var<storage, read> table: array<Element>;
#endif
@group(0) @binding(1) var<storage, read> rows: array<i32>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

// ROW_SIZE and the indices below count elements of the output: vectors of four where rows divide into them.
fn load(index: u32) -> Element {
#if BYTES && VECTOR
  let word = table[index];
  return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(0xffu)) * SCALE;
#elif BYTES
  return f32((table[index / 4u] >> (8u * (index % 4u))) & 0xffu) * SCALE;
#elif INTEGERS
  return table[index];
#else
  return table[index] * SCALE;
#endif
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * ROW_SIZE) { return; }
  let row = rows[index / ROW_SIZE];
  if (row >= 0) {
    output[index] = load(u32(row) * ROW_SIZE + index % ROW_SIZE);
  } else {
#if INTEGERS
    output[index] = Element(-1);
#else
    output[index] = Element(0.0);
#endif
  }
}
