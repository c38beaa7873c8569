// Second half of batch normalisation's statistics: a workgroup puts the slices of its channels together (Chan, Golub and
// LeVeque 1983), in a fixed order. Means are added as distances from the first slice's, so that sums stay small. With
// MOVING the moving averages go one step towards the result, as Keras writes it.
#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> partials: array<Element>;
var<storage> means: array<Element>;
var<storage> variances: array<Element>;
#if MOVING
var<storage> movingMeans: array<Element>;
var<storage> movingVariances: array<Element>;
#endif

#include workgroup_element_sum

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let element = workgroup.y * workgroupCount.x + workgroup.x;
  if (element >= ELEMENTS) { return; }
  let reference = partials[SLICES * ELEMENTS + element];

  var count = Element(0.0);
  var distance = Element(0.0);
  for (var step = 0u; step < STEPS; step++) {
    let slice = step * THREADS + thread;
    if (slice < SLICES) {
      let rows = partials[slice * ELEMENTS + element];
      count += rows;
      distance += rows * (partials[(SLICES + slice) * ELEMENTS + element] - reference);
    }
  }
  let total = max(workgroupElementSum(thread, count), Element(1.0));
  let shift = workgroupElementSum(thread, distance) / total;

  var squares = Element(0.0);
  for (var step = 0u; step < STEPS; step++) {
    let slice = step * THREADS + thread;
    if (slice < SLICES) {
      let rows = partials[slice * ELEMENTS + element];
      let apart = partials[(SLICES + slice) * ELEMENTS + element] - reference - shift;
      squares += partials[(2u * SLICES + slice) * ELEMENTS + element] + rows * apart * apart;
    }
  }
  let mean = reference + shift;
  let variance = workgroupElementSum(thread, squares) / total;
  if (thread == 0u) {
    means[element] = mean;
    variances[element] = variance;
#if MOVING
    movingMeans[element] = movingMeans[element] * MOMENTUM + mean * ONE_MINUS_MOMENTUM;
    movingVariances[element] = movingVariances[element] * MOMENTUM + variance * ONE_MINUS_MOMENTUM;
#endif
  }
}
