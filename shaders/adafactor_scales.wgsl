// How far each parameter tensor goes along its direction, in learning rates: max(ε₂, RMS p) / max(1, RMS u / clipThreshold),
// written for each of its blocks. A workgroup a tensor; squares of four elements each come from adafactor_direction.wgsl
// and are added in a fixed order.
alias Element = vec2f;

var<storage> squares: array<vec2f>;
// First block of each tensor, how many there are, and its elements.
var<storage> tensors: array<vec4u>;
var<storage> scales: array<f32>;

#include workgroup_element_sum

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tensor = tensors[workgroup.x];
  var sum = vec2f(0.0);
  for (var vector = thread; vector < tensor.y * 16u; vector += THREADS) { sum += squares[tensor.x * 16u + vector]; }
  let rms = sqrt(workgroupElementSum(thread, sum) / f32(tensor.z));
  let scale = max(EPSILON2, rms.x) / max(1.0, rms.y / CLIP_THRESHOLD);
  for (var block = thread; block < tensor.y; block += THREADS) { scales[tensor.x + block] = scale; }
}
