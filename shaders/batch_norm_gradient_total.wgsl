// Second half: a workgroup adds the slices of its channels in a fixed order. Σ dy is beta's gradient and Σ dy · x̂
// gamma's, where x̂ = (x − mean) / √(variance + ε). With COEFFICIENTS also, for each channel, what the gradient of x is
// made of (Ioffe and Szegedy 2015, section 3): dx = dy · scale + (x − mean) · factor + offset. The count is that of the
// rows whose image has a label of at least 0 (MASKED), or of all.
#if VECTOR
alias Element = vec4f;
#else
alias Element = f32;
#endif

var<storage> partials: array<Element>;
var<storage> variances: array<Element>;
var<storage> gammaGradients: array<Element>;
var<storage> betaGradients: array<Element>;
#if COEFFICIENTS
var<storage> means: array<Element>;
var<storage> gammas: array<Element>;
// Four planes [ELEMENTS]: scale, mean, factor, offset.
var<storage> coefficients: array<Element>;
#if MASKED
var<storage> labels: array<i32>;
#endif
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

  var sumPart = Element(0.0);
  var weightedPart = Element(0.0);
  for (var step = 0u; step < STEPS; step++) {
    let slice = step * THREADS + thread;
    if (slice < SLICES) {
      sumPart += partials[slice * ELEMENTS + element];
      weightedPart += partials[(SLICES + slice) * ELEMENTS + element];
    }
  }
  let sum = workgroupElementSum(thread, sumPart);
  let inverseDeviation = inverseSqrt(variances[element] + EPSILON);
  let weighted = workgroupElementSum(thread, weightedPart) * inverseDeviation;

#if COEFFICIENTS
#if MASKED
  var images = 0.0;
  for (var step = 0u; step < IMAGE_STEPS; step++) {
    let image = step * THREADS + thread;
    if (image < IMAGES) { images += select(0.0, 1.0, labels[image] >= 0); }
  }
  let count = max(workgroupElementSum(thread, Element(images)) * f32(ROWS_PER_IMAGE), Element(1.0));
#else
  let count = Element(f32(ROWS));
#endif
#endif

  if (thread == 0u) {
    betaGradients[element] = sum;
    gammaGradients[element] = weighted;
#if COEFFICIENTS
    let scale = gammas[element] * inverseDeviation;
    coefficients[element] = scale;
    coefficients[ELEMENTS + element] = means[element];
    coefficients[2u * ELEMENTS + element] = -scale * inverseDeviation * weighted / count;
    coefficients[3u * ELEMENTS + element] = -scale * sum / count;
#endif
  }
}
