// Records a step in the ring, then adds one to every counter. One workgroup. With GUARD the first value becomes NaN where one
// of the guard's elements is not 0.
#include step_ring

#if GUARD
var<storage> guard: array<f32>;

var<workgroup> guarded: atomic<u32>;
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  let firstPlace = rowPlace();
#if GUARD
  for (var place = thread; place < GUARD_SIZE; place += THREADS) {
    if (guard[place] != 0.0) { atomicStore(&guarded, 1u); }
  }
  workgroupBarrier();
#endif
  recordRow(firstPlace, thread);
  if (thread != 0u) { return; }
#if GUARD
  if (atomicLoad(&guarded) != 0u) { spoilRow(firstPlace); }
#endif
  countStep();
}
