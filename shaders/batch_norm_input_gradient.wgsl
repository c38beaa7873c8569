// The gradient of batch normalisation's input from the coefficients that batch_norm_gradient_total.wgsl leaves:
// dx = dy · scale + (x − mean) · factor + offset. Rows of images with a negative label (MASKED) moved no statistic and
// keep the first term alone. RELU as in batch_norm_gradient_sums.wgsl; a thread keeps its coefficients for STEPS rows.
#include linear_index
#include half

#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> x: array<StoredX>;
var<storage> upstream: array<StoredUpstream>;
var<storage> coefficients: array<Element>;
#if RELU
var<storage> activated: array<StoredActivated>;
#endif
#if MASKED
var<storage> labels: array<i32>;
#endif
var<storage> output: array<StoredOutput>;

#include stored_tensor activated
#include stored_tensor x
#include stored_tensor upstream
#include stored_tensor output

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BLOCKS * ELEMENTS) { return; }
  let element = index % ELEMENTS;
  let block = index / ELEMENTS;
  let scale = coefficients[element];
  let mean = coefficients[ELEMENTS + element];
  let factor = coefficients[2u * ELEMENTS + element];
  let offset = coefficients[3u * ELEMENTS + element];
  for (var step = 0u; step < STEPS; step++) {
    let row = step * BLOCKS + block;
#if STEPS * BLOCKS > ROWS
    if (row < ROWS) {
#else
    {
#endif
      let place = row * ELEMENTS + element;
#if RELU
      let direct = select(Element(0.0), loadUpstream(upstream[place]), loadActivated(activated[place]) > Element(0.0)) * scale;
#else
      let direct = loadUpstream(upstream[place]) * scale;
#endif
      let throughStatistics = (loadX(x[place]) - mean) * factor + offset;
#if MASKED
      output[place] = storeOutput(direct + select(Element(0.0), throughStatistics, labels[row / ROWS_PER_IMAGE] >= 0));
#else
      output[place] = storeOutput(direct + throughStatistics);
#endif
    }
  }
}
