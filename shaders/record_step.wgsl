// Writes the step's values one behind the other into row (first counter mod CAPACITY) of `ring`, then adds one to every
// counter. One workgroup: the barrier keeps the counters still until every thread has read the row. Values move as bits,
// NaN among them. With GUARD the first value becomes NaN where one of the guard's elements is not 0.

#unroll value 0 VALUES
var<storage> value_$(value): array<u32>;
#end
#if GUARD
var<storage> guard: array<f32>;

var<workgroup> guarded: atomic<u32>;
#endif
var<storage> ring: array<u32>;
#unroll counter 0 COUNTERS
var<storage> counter_$(counter): array<u32>;
#end

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  let firstPlace = (counter_0[0] % CAPACITY) * ROW_SIZE;
#if GUARD
  for (var place = thread; place < GUARD_SIZE; place += THREADS) {
    if (guard[place] != 0.0) { atomicStore(&guarded, 1u); }
  }
  workgroupBarrier();
#endif
#unroll value 0 VALUES
  for (var place = thread; place < SIZES[$(value)]; place += THREADS) {
    ring[firstPlace + OFFSETS[$(value)] + place] = value_$(value)[place];
  }
#end
  storageBarrier();
  workgroupBarrier();
  if (thread == 0u) {
#if GUARD
    if (atomicLoad(&guarded) != 0u) { ring[firstPlace] = 0x7fc00000u; }
#endif
#unroll counter 0 COUNTERS
    counter_$(counter)[0] += 1u;
#end
  }
}
