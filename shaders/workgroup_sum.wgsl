// The sum of `value` over all THREADS (a power of two) of the workgroup, always added in the same order. Every thread
// has to call it and gets the result.
var<workgroup> summands: array<f32, THREADS>;

fn workgroupSum(thread: u32, value: f32) -> f32 {
  summands[thread] = value;
  workgroupBarrier();
  for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
    if (thread < reach) { summands[thread] += summands[thread + reach]; }
    workgroupBarrier();
  }
  let total = summands[0];
  workgroupBarrier();  // everybody has read before the next sum writes
  return total;
}
