// The end of a step, before its effects: looks for gradients that are not finite, decides whether the step counts, records
// its values and moves the counters. Workgroups walk over the arena together; the one that arrives last knows what all of
// them saw and does the rest. Everybody's arrival is one addition to one word, which tells both how many have come and how
// many of these saw something, so that no other order of memory accesses matters.

// What was decided (src/graph/ops/finish_step.ts), the third of its elements once more at COUNTS_PLACE, and behind it what
// guards found: elements that are not 0.
var<storage> verdict: array<u32>;
#if CHECK
#include gradient_sum
#endif
#include not_finite
#include step_ring
#if SCALED
var<storage> lossScale: array<f32>;
// Good steps since the scale last changed, steps skipped in all, whether a gradient of this step is not finite.
var<storage> scaleCounters: array<u32>;
#endif

// The last row's first element counts arrivals.
const ARRIVALS = CAPACITY * ROW_SIZE;
const ONE_SAW = 65536u;

var<workgroup> sawGradient: atomic<u32>;
var<workgroup> sawValue: atomic<u32>;
var<workgroup> arrived: u32;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
#if CHECK
  var here = false;
  for (var vector = workgroup.x * THREADS + thread; vector < ARENA_VECTORS; vector += WORKGROUPS * THREADS) {
    here |= anyNotFinite(bitcast<vec4u>(gradientSum(blockOf(vector), vector)));
  }
  if (here) { atomicStore(&sawGradient, 1u); }
  workgroupBarrier();
#endif
  if (thread == 0u) {
    let arrival = 1u + ONE_SAW * atomicLoad(&sawGradient);
    arrived = atomicAdd(&ring[ARRIVALS], arrival) + arrival;
  }
  let all = workgroupUniformLoad(&arrived);
  if (all % ONE_SAW != WORKGROUPS) { return; }

#unroll guard 0 GUARDS
  for (var place = thread; place < GUARD_SIZES[$(guard)]; place += THREADS) {
    if (verdict[GUARD_PLACES[$(guard)] + place] != 0u) { atomicStore(&sawValue, 1u); }
  }
#end
  if (thread == 0u && notFinite(value_0[0])) { atomicStore(&sawValue, 1u); }
  let step = counter_0[0];
  let firstPlace = rowPlace();
  recordRow(firstPlace, thread);
  if (thread != 0u) { return; }

#if SCALED
  let overflowed = scaleCounters[2] != 0u;
  let hopeless = overflowed & (lossScale[0] <= LEAST_SCALE);
#else
  let overflowed = all >= ONE_SAW;
  let hopeless = overflowed;
#endif
  let counts = (atomicLoad(&sawValue) == 0u) & !hopeless;
  var finished = step;
#if SCALED
  if (counts) { moveScale(overflowed); }
  scaleCounters[2] = 0u;
  finished -= min(scaleCounters[1], finished);
#endif
  if (counts) {
    countStep();
  } else {
    spoilRow(firstPlace);
  }
  verdict[0] = finished;
  verdict[1] = select(0u, 1u, counts & !overflowed);
  verdict[2] = select(0u, 1u, counts);
  // 1.0: what is to be divided has been by now (unscale_gradients.wgsl).
  verdict[3] = 0x3f800000u;
  verdict[COUNTS_PLACE] = verdict[2];
  atomicStore(&ring[ARRIVALS], 0u);
}

#if SCALED
// Micikevicius et al. 2018, section 3.2: the scale halves where a gradient was not finite, and doubles after
// GROWTH_INTERVAL good steps in a row.
fn moveScale(overflowed: bool) {
  let good = select(scaleCounters[0] + 1u, 0u, overflowed);
  let grows = good == GROWTH_INTERVAL;
  let scale = lossScale[0];
  lossScale[0] = select(select(scale, min(2.0 * scale, MOST_SCALE), grows), max(0.5 * scale, LEAST_SCALE), overflowed);
  scaleCounters[0] = select(good, 0u, grows);
  scaleCounters[1] += select(0u, 1u, overflowed);
}
#endif
