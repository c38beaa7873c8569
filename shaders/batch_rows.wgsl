// Which rows of a data set make up batch number `cursor`, counted through all epochs: −1 beyond the end of a last,
// shorter batch. With SHUFFLE every epoch walks through a permutation of its own, keyed by seed and epoch.
#include random

@group(0) @binding(0) var<storage, read> cursor: array<u32>;
@group(0) @binding(1) var<storage, read_write> rows: array<i32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u) {
  let place = globalId.x;
  if (place >= BATCH) { return; }
  let epoch = cursor[0] / BATCHES_PER_EPOCH;
  let position = (cursor[0] % BATCHES_PER_EPOCH) * BATCH + place;
  var row = -1;
  if (position < COUNT) {
#if SHUFFLE
    row = i32(permute(deriveKey(SEED_KEY, epoch), position, COUNT, HALF_BITS));
#else
    row = i32(position);
#endif
  }
  rows[place] = row;
}
