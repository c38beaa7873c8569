// The row of a data set at place `place` of batch number `batchNumber`, counted through all epochs: −1 beyond the end of
// a last, shorter batch. With SHUFFLE every epoch walks through a permutation of its own, keyed by seed and epoch.
#include random

fn batchRow(batchNumber: u32, place: u32) -> i32 {
  let position = (batchNumber % BATCHES_PER_EPOCH) * BATCH + place;
  if (position >= COUNT) { return -1; }
#if SHUFFLE
  let epoch = batchNumber / BATCHES_PER_EPOCH;
  return i32(permute(deriveKey(SEED_KEY, epoch), position, COUNT, HALF_BITS));
#else
  return i32(position);
#endif
}
