// What follows from a step's gradients for the loss scale (Micikevicius et al. 2018, section 3.2), by one thread: where one
// was not finite the scale halves and the update gets no workgroups; after GROWTH_INTERVAL good steps the scale doubles.

@group(0) @binding(0) var<storage, read> finishedSteps: array<u32>;
@group(0) @binding(1) var<storage, read_write> lossScale: array<f32>;
// Good steps since the scale last changed, steps skipped in all, whether this one overflowed.
@group(0) @binding(2) var<storage, read_write> counters: array<u32>;
// Updates done before this step, and whether this one updates.
@group(0) @binding(3) var<storage, read_write> finishedUpdates: array<u32>;
// Workgroups of the update along x, y, z.
@group(0) @binding(4) var<storage, read_write> updateSize: array<u32>;

@compute @workgroup_size(1)
fn main() {
  let overflowed = counters[2] != 0u;
  let skipped = counters[1] + select(0u, 1u, overflowed);
  let good = select(counters[0] + 1u, 0u, overflowed);
  let grows = good == GROWTH_INTERVAL;
  let scale = lossScale[0];
  lossScale[0] = select(select(scale, min(2.0 * scale, MOST_SCALE), grows), max(0.5 * scale, LEAST_SCALE), overflowed);
  counters[0] = select(good, 0u, grows);
  counters[1] = skipped;
  counters[2] = 0u;
  finishedUpdates[0] = finishedSteps[0] - min(skipped, finishedSteps[0]);
  finishedUpdates[1] = select(1u, 0u, overflowed);
  updateSize[0] = select(UPDATE_SIZE[0], 0u, overflowed);
  updateSize[1] = select(UPDATE_SIZE[1], 0u, overflowed);
  updateSize[2] = select(UPDATE_SIZE[2], 0u, overflowed);
}
