// Gradient of the maximum over any set of axes: `upstream` at the first maximum in row-major order, 0 elsewhere. LANES
// threads share one reduced group: they look for its first maximum together, then write its whole part of the output.
#include linear_index
#include row_reduce
#include half

alias Element = f32;
#include element_at x
#include element_at upstream
var<storage> output: array<f32>;

// Where the value number `position` of a group lies, counted from the group's first value.
fn offsetOf(position: u32) -> u32 {
  var rest = position;
  var offset = 0u;
#unroll axis 0 REDUCED_RANK
  let reduced_$(axis) = rest / POSITION_STRIDES[$(axis)];
  rest -= reduced_$(axis) * POSITION_STRIDES[$(axis)];
  offset += reduced_$(axis) * REDUCED_STRIDES[$(axis)];
#end
  return offset;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(global_invocation_id) globalId: vec3u,
  @builtin(num_workgroups) workgroupCount: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  let lane = index % LANES;
  // Threads beyond the last group repeat it up to the barriers, and write nothing.
  let group = min(index / LANES, RESULTS - 1u);

  var rest = group;
  var base = 0u;
#unroll axis 0 KEPT_RANK
  let kept_$(axis) = rest / RESULT_STRIDES[$(axis)];
  rest -= kept_$(axis) * RESULT_STRIDES[$(axis)];
  base += kept_$(axis) * KEPT_STRIDES[$(axis)];
#end

  var best = Place(floatOf(MINUS_INFINITY_BITS), LENGTH);
  for (var step = 0u; step < STEPS; step++) {
    let position = step * LANES + lane;
    if (position < LENGTH) {
      best = firstOf(best, Place(xAt(base + offsetOf(position)), position));
    }
  }
  let winner = rowFirstMax(thread, best).index;
  if (index / LANES >= RESULTS) { return; }
  let gradient = upstreamAt(group);
  for (var step = 0u; step < STEPS; step++) {
    let position = step * LANES + lane;
    if (position < LENGTH) { output[base + offsetOf(position)] = select(0.0, gradient, position == winner); }
  }
}
