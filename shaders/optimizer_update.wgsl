// Moves all parameters of an arena in one dispatch. A thread owns four neighbouring elements of the arena and of the
// rule's state: slot 0, 1, … hold old_0, old_1, … before the step and new_0, new_1, … after it. The formulas, with their
// sources, stand in src/cpu/ops/optimizer_update.ts, here those of SGD and Adam, the others in other_update_formulas.wgsl; names of the slots in src/graph/update_rule.ts.

var<storage> parameters: array<vec4f>;
// Updates finished before this one, with SKIPPABLE followed by 0 where nothing is to move.
var<storage> finishedSteps: array<u32>;
#unroll buffer 0 STATE_BUFFERS
var<storage> state_$(buffer): array<vec4f>;
#end
#if CLIP_FACTORS
// A factor for each block's gradient (clip_factors.wgsl).
var<storage> gradientFactors: array<f32>;
#endif

#include linear_index
#include learning_rate
#include gradient_sum

#if CORRECTED
// 1 − exp(x) for x ≤ 0, without the digits that the subtraction loses near 0: β = 0.999 at the first step.
fn oneMinusExp(x: f32) -> f32 {
  // Taylor's series of exp(x) − 1 in Horner's form; for |x| ≤ 0.5 its tail is below f32's rounding.
  let series = x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 *
    (1.0 + x / 7.0 * (1.0 + x / 8.0 * (1.0 + x / 9.0))))))));
  return select(1.0 - exp(x), -series, x > -0.5);
}
#endif

#if ADAM && MOMENTUM_SCHEDULE
// ln x for x in 0…1 as −2 artanh((1 − x) / (1 + x)), by its series: WGSL's own logarithm is good to 2⁻²¹ absolute only.
fn preciseLog(x: f32) -> f32 {
  let z = (1.0 - x) / (1.0 + x);
  let square = z * z;
  let series = 1.0 + square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square * (1.0 / 9.0 + square *
    (1.0 / 11.0 + square * (1.0 / 13.0 + square * (1.0 / 15.0)))))));
  // Below a half the series gets long, and the logarithm large.
  return select(log(max(x, 1e-30)), -2.0 * z * series, x > 0.5);
}
#endif

#if !SGD && !ADAM
#include other_update_helpers
#endif

@compute @workgroup_size(THREADS)
fn main(@builtin(global_invocation_id) globalId: vec3u, @builtin(num_workgroups) workgroupCount: vec3u) {
  let index = linearIndex(globalId, workgroupCount, THREADS);
  if (index >= ARENA_VECTORS) { return; }
#if SKIPPABLE
  if (finishedSteps[1] == 0u) { return; }
#endif
  let block = blockOf(index);
  let inside = insideBlock(block, index);
  if (!inside.x) {
#if MEASURE
    squares[index] = vec2f(0.0);
#endif
    return;
  }

  // The gradient: summed up, scaled, clipped, decayed.
  var gradient = gradientSum(block, index);
#if CLIP_FACTORS
  gradient *= gradientFactors[index / 16u];
#endif
#if CLIP_VALUE
  gradient = clamp(gradient, vec4f(-LIMIT), vec4f(LIMIT));
#endif
  let before = parameters[index];
#if L2_DECAY
  gradient += WEIGHT_DECAY * before;
#endif
  let finished = finishedSteps[0];
  let rate = learningRate(finished);
#if DECOUPLED_DECAY
  let old = before - rate * WEIGHT_DECAY * before;
#else
  let old = before;
#endif

#unroll slot 0 SLOTS
  let old_$(slot) = state_$(slot / SLOTS_PER_BUFFER)[$(slot % SLOTS_PER_BUFFER * ARENA_VECTORS)u + index];
#end

  // The rule. 1 − β comes as a constant: subtracting the rounded β in f32 would leave four digits of it.
#if MOMENTUM_SCHEDULE
  let momentum = scheduledMomentum(finished);
#elif HAS_MOMENTUM
  let momentum = MOMENTUM;
#endif
#if SGD
#if MOMENTUM_SLOT
#if DAMPENING
  let new_0 = momentum * old_0 + select(ONE_MINUS_DAMPENING, 1.0, finished == 0u) * gradient;
#else
  let new_0 = momentum * old_0 + gradient;
#endif
#if NESTEROV
  var moved = old - rate * (gradient + momentum * new_0);
#else
  var moved = old - rate * new_0;
#endif
#else
  var moved = old - rate * gradient;
#endif

#elif ADAM
#if MOMENTUM_SCHEDULE
  let new_0 = momentum * old_0 + (1.0 - momentum) * gradient;
  let logBeta1 = preciseLog(momentum);
#else
  let new_0 = BETA1 * old_0 + ONE_MINUS_BETA1 * gradient;
  let logBeta1 = LN_BETA1;
#endif
  let new_1 = BETA2 * old_1 + ONE_MINUS_BETA2 * gradient * gradient;
#if AMSGRAD
  let new_2 = max(old_2, new_1);
  let square = new_2;
#else
  let square = new_1;
#endif
  // β^t = exp(t · ln β); both moments start at 0 and are divided by what they lack.
  let updates = f32(finished + 1u);
  let firstCorrected = new_0 / oneMinusExp(updates * logBeta1);
  let lack = oneMinusExp(updates * LN_BETA2);
#if EPSILON_INSIDE
  var moved = old - rate * sqrt(lack) * firstCorrected / (sqrt(square) + EPSILON);
#else
  var moved = old - rate * firstCorrected / (sqrt(square / lack) + EPSILON);
#endif

#else
#include other_update_formulas
#endif

#if !MEASURE
#if EMA
  // The first average is the moved parameter itself.
  let new_$(EMA_SLOT) = moved + select(EMA_MOMENTUM, 0.0, finished == 0u) * (old_$(EMA_SLOT) - moved);
#if OVERWRITE
  moved = select(moved, new_$(EMA_SLOT), (finished + 1u) % OVERWRITE_FREQUENCY == 0u);
#endif
#endif

#unroll slot 0 SLOTS
  state_$(slot / SLOTS_PER_BUFFER)[$(slot % SLOTS_PER_BUFFER * ARENA_VECTORS)u + index] = select(old_$(slot), new_$(slot), inside);
#end
  parameters[index] = select(before, moved, inside);
#endif
}
