// Where a step is recorded (src/graph/ops/step_ring.ts): its values, one behind the other, in row (first counter mod CAPACITY)
// of `ring`. Values move as bits, NaN among them.

#unroll value 0 VALUES
var<storage> value_$(value): array<u32>;
#end
// Atomic, because the workgroups of finish_step.wgsl meet in its last row.
var<storage> ring: array<atomic<u32>>;
#unroll counter 0 COUNTERS
var<storage> counter_$(counter): array<u32>;
#end

// The first element of this step's row.
fn rowPlace() -> u32 {
  return (counter_0[0] % CAPACITY) * ROW_SIZE;
}

// Writes the values; all threads of the workgroup together. Nobody may count the step before all of them are through.
fn recordRow(firstPlace: u32, thread: u32) {
#unroll value 0 VALUES
  for (var place = thread; place < SIZES[$(value)]; place += THREADS) {
    atomicStore(&ring[firstPlace + OFFSETS[$(value)] + place], value_$(value)[place]);
  }
#end
  storageBarrier();
  workgroupBarrier();
}

// Makes NaN of the first value: what the step found is not to be trusted. For one thread.
fn spoilRow(firstPlace: u32) {
  atomicStore(&ring[firstPlace], 0x7fc00000u);
}

// Every counter grows by one. For one thread.
fn countStep() {
#unroll counter 0 COUNTERS
  counter_$(counter)[0] += 1u;
#end
}
