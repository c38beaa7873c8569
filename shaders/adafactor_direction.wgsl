// Adafactor's direction u = g / √v, in the gradient's place, and for each vector of the arena Σ of the parameter's and of
// the direction's squares. v is that of the element, or row moment · column moment / mean of the matrix' row moments.
var<storage> parameters: array<vec4f>;
// The gradient before, the direction after.
var<storage> directions: array<vec4f>;
// Two rows a block of 64 elements: columns (0 for a vector), elements of a matrix, the block's first element within its
// tensor, how many exist; then where the tensor's row moments, its column moments and its means begin.
var<storage> places: array<vec4u>;
#if DECOUPLED_DECAY
var<storage> finishedSteps: array<u32>;
#include learning_rate
#endif
var<storage> moments: array<f32>;
var<storage> means: array<f32>;
var<storage> squares: array<vec2f>;

#include linear_index

// 1 / √v of one element of the block's tensor. Two roots, since the product may be too small for f32.
fn inverseRoot(element: u32, sizes: vec4u, begins: vec4u) -> f32 {
  if (sizes.x == 0u) { return inverseSqrt(moments[begins.x + element]); }
  let matrix = element / sizes.y;
  let row = moments[begins.x + element / sizes.x];
  let column = moments[begins.y + matrix * sizes.x + element % sizes.x];
  return inverseSqrt(row / means[begins.z + matrix]) * inverseSqrt(column);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= ARENA_VECTORS) { return; }
  let sizes = places[index / 16u * 2u];
  let begins = places[index / 16u * 2u + 1u];
  let indices = vec4u(index % 16u * 4u) + vec4u(0u, 1u, 2u, 3u);
  let inside = indices < vec4u(sizes.w);
  if (!inside.x) {
    squares[index] = vec2f(0.0);
    return;
  }
  // Elements behind the tensor's last read something, which is dropped.
  let elements = sizes.z + indices;
  let roots = vec4f(
    inverseRoot(elements.x, sizes, begins),
    inverseRoot(elements.y, sizes, begins),
    inverseRoot(elements.z, sizes, begins),
    inverseRoot(elements.w, sizes, begins),
  );
  let direction = select(vec4f(0.0), directions[index] * roots, inside);
  directions[index] = direction;
  var parameter = select(vec4f(0.0), parameters[index], inside);
#if DECOUPLED_DECAY
  // The update decays it before it moves it.
  parameter -= learningRate(finishedSteps[0]) * WEIGHT_DECAY * parameter;
#endif
  squares[index] = vec2f(dot(parameter, parameter), dot(direction, direction));
}
