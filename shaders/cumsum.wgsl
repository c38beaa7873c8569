// Running sums along one axis: a thread walks along one line of OUTER × INNER, one element or four side by side at a time.
#include linear_index

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> input: array<Element>;
var<storage> output: array<Element>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let line = linearIndex(globalId, workgroupCount, THREADS);
  if (line >= OUTER * INNER) { return; }
  let first = (line / INNER) * EXTENT * INNER + line % INNER;
  var sum = Element(0.0);
  for (var step = 0u; step < EXTENT; step++) {
#if REVERSE
    let place = first + (EXTENT - 1u - step) * INNER;
#else
    let place = first + step * INNER;
#endif
#if EXCLUSIVE
    output[place] = sum;
    sum += input[place];
#else
    sum += input[place];
    output[place] = sum;
#endif
  }
}
