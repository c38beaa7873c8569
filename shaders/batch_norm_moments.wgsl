// First half of batch normalisation's statistics. x is [ROWS, channels]; an Element is one channel of a row, or four
// neighbouring ones (VECTOR). Each thread walks over one of SLICES sets of rows of its channels and leaves how many rows
// these were, their mean and the sum of their squared distances from it, kept up row by row as Welford 1962 does: no
// digits are lost where the mean is large against the deviation. Neighbouring threads read neighbouring memory.
// MASKED leaves out the rows of images with a negative label.
#include linear_index
#include half

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> x: array<StoredX>;
#if MASKED
var<storage> labels: array<i32>;
#endif
// Three planes [SLICES, ELEMENTS]: counts, means, squared distances.
var<storage> partials: array<Element>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor x

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= SLICES * ELEMENTS) { return; }
  let element = index % ELEMENTS;
  let slice = index / ELEMENTS;
  var count = 0.0;
  var mean = Element(0.0);
  var squares = Element(0.0);
  for (var step = 0u; step < STEPS; step++) {
    let row = step * SLICES + slice;
#if STEPS * SLICES > ROWS
    if (row < ROWS) {
#else
    {
#endif
      let value = loadX(x[row * ELEMENTS + element]);
#if MASKED
      let counted = labels[row / ROWS_PER_IMAGE] >= 0;
#else
      let counted = true;
#endif
      count += select(0.0, 1.0, counted);
      let before = value - mean;
      let moved = mean + before / max(count, 1.0);
      squares = select(squares, squares + before * (value - moved), counted);
      mean = select(mean, moved, counted);
    }
  }
  partials[index] = Element(count);
  partials[SLICES * ELEMENTS + index] = mean;
  partials[2u * SLICES * ELEMENTS + index] = squares;
}
