// The sum of `value` (an Element: f32 or a vector) over all THREADS (a power of two) of the workgroup, always added in
// the same order. Every thread has to call it and gets the result.
var<workgroup> elementSummands: array<Element, THREADS>;

fn workgroupElementSum(thread: u32, value: Element) -> Element {
  elementSummands[thread] = value;
  workgroupBarrier();
  for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
    if (thread < reach) { elementSummands[thread] += elementSummands[thread + reach]; }
    workgroupBarrier();
  }
  let total = elementSummands[0];
  workgroupBarrier();  // everybody has read before the next sum writes
  return total;
}
