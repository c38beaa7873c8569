// output = (x − mean) · gamma / √(variance + ε) + beta for each channel, and ReLU after it where RELU. x is
// [ROWS, channels]; an Element is one channel of a row, or four neighbouring ones (VECTOR). A thread keeps its channels'
// scale for STEPS rows.
#include linear_index
#include half
#include element_nan

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> x: array<StoredX>;
var<storage> means: array<Element>;
var<storage> variances: array<Element>;
var<storage> gammas: array<Element>;
var<storage> betas: array<Element>;
var<storage> output: array<StoredOutput>;

// HALF_…: that tensor is stored as 16-bit floats, four to a vec2u.
#include stored_tensor x
#include stored_tensor output

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BLOCKS * ELEMENTS) { return; }
  let element = index % ELEMENTS;
  let block = index / ELEMENTS;
  let mean = means[element];
  let scale = gammas[element] * inverseSqrt(variances[element] + EPSILON);
  let beta = betas[element];
  for (var step = 0u; step < STEPS; step++) {
    let row = step * BLOCKS + block;
#if STEPS * BLOCKS > ROWS
    if (row < ROWS) {
#else
    {
#endif
      let place = row * ELEMENTS + element;
      let value = (loadX(x[place]) - mean) * scale + beta;
#if RELU
      output[place] = storeOutput(elementNanIf(elementIsNan(value), max(value, Element(0.0))));
#else
      output[place] = storeOutput(value);
#endif
    }
  }
}
