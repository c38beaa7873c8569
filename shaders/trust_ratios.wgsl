// ‖parameter‖ / ‖direction‖ of each parameter tensor, 1 where either is 0, written for each of its blocks. A workgroup a
// tensor; squares of four elements each come from optimizer_update.wgsl and are added in a fixed order.
alias Element = vec2f;

// Σ of the parameter's and of the direction's squares over each vector of the arena.
var<storage> squares: array<vec2f>;
// First block of each tensor, and how many there are.
var<storage> groups: array<vec2u>;
var<storage> ratios: array<f32>;

#include workgroup_element_sum

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let blocks = groups[workgroup.x];
  var sum = vec2f(0.0);
  for (var vector = thread; vector < blocks.y * 16u; vector += THREADS) { sum += squares[blocks.x * 16u + vector]; }
  let norms = sqrt(workgroupElementSum(thread, sum));
  let ratio = select(1.0, norms.x / norms.y, (norms.x > 0.0) & (norms.y > 0.0));
  for (var block = thread; block < blocks.y; block += THREADS) { ratios[blocks.x + block] = ratio; }
}
