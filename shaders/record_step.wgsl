// Writes the step's values one behind the other into row (first counter mod CAPACITY) of `ring`, then adds one to every
// counter. One workgroup: the barrier keeps the counters still until every thread has read the row.

#unroll value 0 VALUES
@group(0) @binding($(value)) var<storage, read> value_$(value): array<f32>;
#end
@group(0) @binding($(VALUES)) var<storage, read_write> ring: array<f32>;
#unroll counter 0 COUNTERS
@group(0) @binding($(VALUES + 1 + counter)) var<storage, read_write> counter_$(counter): array<u32>;
#end

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  let firstPlace = (counter_0[0] % CAPACITY) * ROW_SIZE;
#unroll value 0 VALUES
  for (var place = thread; place < SIZES[$(value)]; place += THREADS) {
    ring[firstPlace + OFFSETS[$(value)] + place] = value_$(value)[place];
  }
#end
  storageBarrier();
  workgroupBarrier();
  if (thread == 0u) {
#unroll counter 0 COUNTERS
    counter_$(counter)[0] += 1u;
#end
  }
}
