// The sum of `value` over all THREADS (a power of two) of the workgroup. Every thread has to call it and gets the result.
// Halves are added to halves, always in the same order: WORKGROUP_HALVINGS times through workgroup memory, the last
// WORKGROUP_SHUFFLES times by exchanges within subgroups, each of which makes these last sums for itself. How many are
// which does not change a bit.
#if WORKGROUP_SHUFFLES > 0
enable subgroups;
#endif
#if WORKGROUP_HALVINGS > 0
var<workgroup> summands: array<f32, THREADS>;
#endif

fn workgroupSum(thread: u32, value: f32) -> f32 {
  const together = 1u << WORKGROUP_SHUFFLES;
  var total = value;
#if WORKGROUP_HALVINGS > 0
  summands[thread] = value;
  workgroupBarrier();
  for (var reach = THREADS / 2u; reach >= together; reach /= 2u) {
    if (thread < reach) { summands[thread] += summands[thread + reach]; }
    workgroupBarrier();
  }
  total = summands[thread % together];
  workgroupBarrier();  // everybody has read before the next sum writes
#endif
#unroll step 0 WORKGROUP_SHUFFLES
  total += subgroupShuffleXor(total, together >> $(step + 1)u);
#end
  return total;
}
