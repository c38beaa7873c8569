// Images mixed with each other by a plan (mixing_plan.wgsl): blended, or with a rectangle of the partner. A thread makes one
// value.
#include linear_index

var<storage> images: array<f32>;
// [batch, 6]: share, partner, top, bottom, left, right.
var<storage> plan: array<f32>;
var<storage> output: array<f32>;

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= BATCH * IMAGE_SIZE) { return; }
  let image = index / IMAGE_SIZE;
  let element = index % IMAGE_SIZE;
  let share = plan[image * 6u];
  let partner = i32(plan[image * 6u + 1u]);
  let rows = vec2f(plan[image * 6u + 2u], plan[image * 6u + 3u]);
  let columns = vec2f(plan[image * 6u + 4u], plan[image * 6u + 5u]);
  let own = images[index];
  if (partner < 0) {
    output[index] = own;
    return;
  }
  let other = images[u32(partner) * IMAGE_SIZE + element];
  if (rows.y > rows.x && columns.y > columns.x) {
    let row = f32(element / (WIDTH * CHANNELS));
    let column = f32(element / CHANNELS % WIDTH);
    output[index] = select(own, other, row >= rows.x && row < rows.y && column >= columns.x && column < columns.y);
  } else {
    // A partner without a share does no harm, not even an infinite one.
    output[index] = select(own, share * own + (1.0 - share) * other, share < 1.0);
  }
}
