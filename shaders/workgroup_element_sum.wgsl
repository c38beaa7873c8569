// The sum of `value` (an Element: f32 or a vector) over all THREADS (a power of two) of the workgroup, as in
// workgroup_sum.wgsl: always in the same order, the last WORKGROUP_SHUFFLES halvings by exchanges within subgroups.
#if WORKGROUP_SHUFFLES > 0
enable subgroups;
#endif
#if WORKGROUP_HALVINGS > 0
var<workgroup> elementSummands: array<Element, THREADS>;
#endif

fn workgroupElementSum(thread: u32, value: Element) -> Element {
  const together = 1u << WORKGROUP_SHUFFLES;
  var total = value;
#if WORKGROUP_HALVINGS > 0
  elementSummands[thread] = value;
  workgroupBarrier();
  for (var reach = THREADS / 2u; reach >= together; reach /= 2u) {
    if (thread < reach) { elementSummands[thread] += elementSummands[thread + reach]; }
    workgroupBarrier();
  }
  total = elementSummands[thread % together];
  workgroupBarrier();  // everybody has read before the next sum writes
#endif
#unroll step 0 WORKGROUP_SHUFFLES
  total += subgroupShuffleXor(total, together >> $(step + 1)u);
#end
  return total;
}
