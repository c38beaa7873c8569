// A whole batch in one dispatch: images and labels of the rows that the cursor names. A row of workgroups fetches one
// image; each thread works out for itself which one, which is cheaper than a dispatch that does it for all.
// With WATCH it also looks for floats that are not finite, among the images where they are floats and in one buffer
// more, the parameters: `found` has 1 for each workgroup that saw one, else 0.
#include batch_row
#include table_load

var<storage> labelTable: array<i32>;
var<storage> cursor: array<u32>;
var<storage> images: array<Element>;
var<storage> labels: array<i32>;
#if WATCH
#include not_finite
var<storage> watched: array<vec4u>;
var<storage> found: array<f32>;

var<workgroup> seen: atomic<u32>;
#endif

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = globalId.y;
  let index = globalId.x;
  var here = false;
  if (index < ROW_SIZE) {
    let row = batchRow(cursor[0], place);
    var element = Element(0.0);
    if (row >= 0) { element = load(u32(row) * ROW_SIZE + index); }
    images[place * ROW_SIZE + index] = element;
#if WATCH && !BYTES && VECTOR
    here = anyNotFinite(bitcast<vec4u>(element));
#elif WATCH && !BYTES
    here = notFinite(bitcast<u32>(element));
#endif
    if (index == 0u) {
      var label = -1;
      if (row >= 0) { label = labelTable[row]; }
      labels[place] = label;
    }
  }
#if WATCH
  let group = workgroup.y * ROW_WORKGROUPS + workgroup.x;
  for (var vector = group * THREADS + thread; vector < WATCHED_VECTORS; vector += WORKGROUPS * THREADS) {
    here |= anyNotFinite(watched[vector]);
  }
  if (here) { atomicStore(&seen, 1u); }
  workgroupBarrier();
  if (thread == 0u) { found[group] = f32(atomicLoad(&seen)); }
#endif
}
