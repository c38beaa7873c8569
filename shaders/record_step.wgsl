// Writes the step's values one behind the other into row (first counter mod CAPACITY) of `ring`, then adds one to every
// counter. One workgroup: the barrier keeps the counters still until every thread has read the row. Values move as bits,
// NaN among them. With GUARD the first value becomes NaN where one of the guard's elements is not 0.

#unroll value 0 VALUES
@group(0) @binding($(value)) var<storage, read> value_$(value): array<u32>;
#end
#if GUARD
@group(0) @binding($(VALUES)) var<storage, read> guard: array<f32>;

var<workgroup> guarded: atomic<u32>;
#endif
@group(0) @binding($(VALUES + GUARD)) var<storage, read_write> ring: array<u32>;
#unroll counter 0 COUNTERS
@group(0) @binding($(VALUES + GUARD + 1 + counter)) var<storage, read_write> counter_$(counter): array<u32>;
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
