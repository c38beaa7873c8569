// Reductions over the LANES neighbouring threads that share one row; each of them gets the result. LANES is a power of
// two that divides THREADS. They contain barriers: every thread of the workgroup has to call them.

// A value and where it was found.
struct Place {
  value: f32,
  index: u32,
}

#if LANES > 1
var<workgroup> laneValues: array<f32, THREADS>;
var<workgroup> laneIndices: array<u32, THREADS>;

fn rowSum(thread: u32, value: f32) -> f32 {
  let lane = thread % LANES;
  laneValues[thread] = value;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) { laneValues[thread] += laneValues[thread + reach]; }
    workgroupBarrier();
  }
  let total = laneValues[thread - lane];
  workgroupBarrier();  // everybody has read before the next reduction writes
  return total;
}

fn rowMax(thread: u32, value: f32) -> f32 {
  let lane = thread % LANES;
  laneValues[thread] = value;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) { laneValues[thread] = max(laneValues[thread], laneValues[thread + reach]); }
    workgroupBarrier();
  }
  let largest = laneValues[thread - lane];
  workgroupBarrier();
  return largest;
}

// The largest value; among equals the one with the smallest index.
fn rowFirstMax(thread: u32, place: Place) -> Place {
  let lane = thread % LANES;
  laneValues[thread] = place.value;
  laneIndices[thread] = place.index;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      let other = laneValues[thread + reach];
      let otherIndex = laneIndices[thread + reach];
      let equal = other == laneValues[thread];
      if (other > laneValues[thread] || (equal && otherIndex < laneIndices[thread])) {
        laneValues[thread] = other;
        laneIndices[thread] = otherIndex;
      }
    }
    workgroupBarrier();
  }
  let first = Place(laneValues[thread - lane], laneIndices[thread - lane]);
  workgroupBarrier();
  return first;
}
#else
fn rowSum(thread: u32, value: f32) -> f32 {
  return value;
}

fn rowMax(thread: u32, value: f32) -> f32 {
  return value;
}

fn rowFirstMax(thread: u32, place: Place) -> Place {
  return place;
}
#endif
