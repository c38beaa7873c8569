// A whole batch in one dispatch: images and labels of the rows that the cursor names. A row of workgroups fetches one
// image; each thread works out for itself which one, which is cheaper than a dispatch that does it for all.
#include batch_row
#include table_load

@group(0) @binding(1) var<storage, read> labelTable: array<i32>;
@group(0) @binding(2) var<storage, read> cursor: array<u32>;
@group(0) @binding(3) var<storage, read_write> images: array<Element>;
@group(0) @binding(4) var<storage, read_write> labels: array<i32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u) {
  let place = globalId.y;
  let index = globalId.x;
  if (index >= ROW_SIZE) { return; }
  let row = batchRow(cursor[0], place);
  var element = Element(0.0);
  if (row >= 0) { element = load(u32(row) * ROW_SIZE + index); }
  images[place * ROW_SIZE + index] = element;
  if (index == 0u) {
    var label = -1;
    if (row >= 0) { label = labelTable[row]; }
    labels[place] = label;
  }
}
