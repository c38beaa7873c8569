// Reductions over the LANES neighbouring threads that share one row; each of them gets the result. LANES is a power of
// two that divides THREADS. They may contain barriers and exchanges: every thread of the workgroup has to call them.
// Halves meet halves, always in the same order: ROW_HALVINGS times through workgroup memory, the last ROW_SHUFFLES times
// by exchanges within subgroups. How many are which does not change a bit.
#include nan
#if ROW_SHUFFLES > 0
enable subgroups;
#endif
#if ROW_HALVINGS > 0
var<workgroup> laneValues: array<f32, THREADS>;
var<workgroup> laneIndices: array<u32, THREADS>;
#endif

// Threads that the exchanges bring together.
const ROW_TOGETHER = 1u << ROW_SHUFFLES;

// A value and where it was found.
struct Place {
  value: f32,
  index: u32,
}

// The larger value, NaN above all; of equals the one with the smaller index.
fn firstOf(own: Place, other: Place) -> Place {
  let ownIsNan = isNan(own.value);
  let otherIsNan = isNan(other.value);
  let areNumbers = !ownIsNan && !otherIsNan;
  let above = (otherIsNan && !ownIsNan) || (areNumbers && other.value > own.value);
  let equal = (ownIsNan && otherIsNan) || (areNumbers && other.value == own.value);
  if (above || (equal && other.index < own.index)) { return other; }
  return own;
}

fn rowSum(thread: u32, value: f32) -> f32 {
  var total = value;
#if ROW_HALVINGS > 0
  let lane = thread % LANES;
  laneValues[thread] = value;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach >= ROW_TOGETHER; reach /= 2u) {
    if (lane < reach) { laneValues[thread] += laneValues[thread + reach]; }
    workgroupBarrier();
  }
  total = laneValues[thread - lane + lane % ROW_TOGETHER];
  workgroupBarrier();  // everybody has read before the next reduction writes
#endif
#unroll step 0 ROW_SHUFFLES
  total += subgroupShuffleXor(total, ROW_TOGETHER >> $(step + 1)u);
#end
  return total;
}

// The largest value; among equals the one with the smallest index.
fn rowFirstMax(thread: u32, place: Place) -> Place {
  var first = place;
#if ROW_HALVINGS > 0
  let lane = thread % LANES;
  laneValues[thread] = place.value;
  laneIndices[thread] = place.index;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach >= ROW_TOGETHER; reach /= 2u) {
    if (lane < reach) {
      first = firstOf(first, Place(laneValues[thread + reach], laneIndices[thread + reach]));
      laneValues[thread] = first.value;
      laneIndices[thread] = first.index;
    }
    workgroupBarrier();
  }
  let own = thread - lane + lane % ROW_TOGETHER;
  first = Place(laneValues[own], laneIndices[own]);
  workgroupBarrier();
#endif
#unroll step 0 ROW_SHUFFLES
  first = firstOf(first, Place(
    subgroupShuffleXor(first.value, ROW_TOGETHER >> $(step + 1)u),
    subgroupShuffleXor(first.index, ROW_TOGETHER >> $(step + 1)u),
  ));
#end
  return first;
}
