// Which rows of a data set make up the batch that the cursor names.
#include batch_row

var<storage> cursor: array<u32>;
var<storage> rows: array<i32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u) {
  let place = globalId.x;
  if (place >= BATCH) { return; }
  rows[place] = batchRow(cursor[0], place);
}
