// Moves all parameters of an arena in one dispatch. A thread owns four neighbouring elements of the arena and of its
// state ("slots"). The gradient arrives as partial sums, `slices` of them a parameter, added here in their order.
// Formulas: Sutskever et al. 2013 as PyTorch writes it (SGD), Kingma and Ba 2015 with the decoupled weight decay of
// Loshchilov and Hutter 2019 (Adam).

// What a block of 64 arena elements needs to know of its gradient.
struct Block {
  // Where the first slice of the block's gradient starts in gradientPartials.
  start: u32,
  slices: u32,
  // Elements from one slice to the next.
  sliceStride: u32,
  // Elements of the block that belong to a parameter; those after them are padding and stay as they are.
  valid: u32,
}

@group(0) @binding(0) var<storage, read_write> parameters: array<vec4f>;
#if ALIGNED_PARTIALS
@group(0) @binding(1) var<storage, read> gradientPartials: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> gradientPartials: array<f32>;
#endif
@group(0) @binding(2) var<storage, read> blockTable: array<Block>;
// Updates finished before this one.
@group(0) @binding(3) var<storage, read> finishedSteps: array<u32>;
#if ADAM
@group(0) @binding(5) var<storage, read_write> firstMoments: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> secondMoments: array<vec4f>;
#elif MOMENTUM_SLOT
@group(0) @binding(5) var<storage, read_write> velocities: array<vec4f>;
#endif

#include linear_index
#include learning_rate

fn loadPartial(element: u32) -> vec4f {
#if ALIGNED_PARTIALS
  return gradientPartials[element / 4u];
#else
  return vec4f(
    gradientPartials[element],
    gradientPartials[element + 1u],
    gradientPartials[element + 2u],
    gradientPartials[element + 3u],
  );
#endif
}

#if ADAM
// 1 − exp(x) for x ≤ 0, without the digits that the subtraction loses near 0: β = 0.999 at the first step.
fn oneMinusExp(x: f32) -> f32 {
  // Taylor's series of exp(x) − 1 in Horner's form; for |x| ≤ 0.5 its tail is below f32's rounding.
  let series = x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 *
    (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0))))))));
  return select(1.0 - exp(x), -series, x > -0.5);
}
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= ARENA_VECTORS) { return; }
  let block = blockTable[index / 16u];
  let first = (index % 16u) * 4u;
  if (first >= block.valid) { return; }
  // A parameter may end inside this vector.
  let inside = vec4u(first) + vec4u(0u, 1u, 2u, 3u) < vec4u(block.valid);

  var gradient = vec4f(0.0);
  for (var slice = 0u; slice < block.slices; slice++) {
    gradient += loadPartial(block.start + slice * block.sliceStride + first);
  }
  gradient = select(vec4f(0.0), gradient, inside);

  let old = parameters[index];
  let rate = learningRate(finishedSteps[0]);
#if ADAM
  let updates = f32(finishedSteps[0] + 1u);
  // 1 − β comes as a constant: subtracting the rounded β in f32 would leave four digits of it.
  let firstMoment = BETA1 * firstMoments[index] + ONE_MINUS_BETA1 * gradient;
  let secondMoment = BETA2 * secondMoments[index] + ONE_MINUS_BETA2 * gradient * gradient;
  // β^t = exp(t · ln β); both moments start at 0 and are divided by what they lack.
  let firstCorrected = firstMoment / oneMinusExp(updates * LN_BETA1);
  let secondCorrected = secondMoment / oneMinusExp(updates * LN_BETA2);
  let decayed = old - rate * WEIGHT_DECAY * old;
  let moved = decayed - rate * firstCorrected / (sqrt(secondCorrected) + EPSILON);
  firstMoments[index] = select(firstMoments[index], firstMoment, inside);
  secondMoments[index] = select(secondMoments[index], secondMoment, inside);
#else
  let decayedGradient = gradient + WEIGHT_DECAY * old;
#if MOMENTUM_SLOT
  let velocity = MOMENTUM * velocities[index] + decayedGradient;
  velocities[index] = select(velocities[index], velocity, inside);
#if NESTEROV
  let direction = decayedGradient + MOMENTUM * velocity;
#else
  let direction = velocity;
#endif
#else
  let direction = decayedGradient;
#endif
  let moved = old - rate * direction;
#endif
  parameters[index] = select(old, moved, inside);
}
