// Rows of a part of a table, which begins with row number FIRST and has COUNT of them. Other numbers give the row that `others`
// has there, or zeros.
#include linear_index
#include table_load

var<storage> rows: array<i32>;
#if OTHERS
var<storage> others: array<Element>;
#endif
var<storage> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * ROW_SIZE) { return; }
  let row = rows[index / ROW_SIZE];
  // A number before FIRST becomes a large one.
  let place = u32(row) - FIRST;
  if (row >= 0 && place < COUNT) {
    output[index] = load(place * ROW_SIZE + index % ROW_SIZE);
  } else {
#if OTHERS
    output[index] = others[index];
#else
    output[index] = Element(0.0);
#endif
  }
}
