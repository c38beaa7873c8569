// Rows of a table by number. A negative number gives a row of zeros, or of −1 from an integer table: labels that losses
// leave out.
#include linear_index
#include table_load

var<storage> rows: array<i32>;
var<storage> output: array<Element>;

// ROW_SIZE and the indices below count elements of the output: vectors of four where rows divide into them.
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
