  // A part of optimizer_update.wgsl: from gradient and old to moved, of every rule but SGD and Adam.
#if NADAM
  let new_0 = BETA1 * old_0 + ONE_MINUS_BETA1 * gradient;
  let new_1 = BETA2 * old_1 + ONE_MINUS_BETA2 * gradient * gradient;
  let t = finished + 1u;
  let ahead = (BETA1 - momentumLack(t + 1u)) * momentumCorrection(t + 1u) * new_0
    + (ONE_MINUS_BETA1 + momentumLack(t)) * momentumCorrection(t) * gradient;
  var moved = old - rate * ahead / (sqrt(new_1 / oneMinusExp(f32(t) * LN_BETA2)) + EPSILON);

#elif ADAMAX
  let new_0 = BETA1 * old_0 + ONE_MINUS_BETA1 * gradient;
#if EPSILON_INSIDE
  let new_1 = max(BETA2 * old_1, abs(gradient) + EPSILON);
  let largest = new_1;
#else
  let new_1 = max(BETA2 * old_1, abs(gradient));
  let largest = new_1 + EPSILON;
#endif
  var moved = old - rate * (new_0 / oneMinusExp(f32(finished + 1u) * LN_BETA1)) / largest;

#elif RMSPROP
  let new_0 = RHO * old_0 + ONE_MINUS_RHO * gradient * gradient;
#if CENTERED
  let new_1 = RHO * old_1 + ONE_MINUS_RHO * gradient;
  let variance = max(vec4f(0.0), new_0 - new_1 * new_1);
#else
  let variance = new_0;
#endif
#if EPSILON_INSIDE
  let direction = gradient / sqrt(variance + EPSILON);
#else
  let direction = gradient / (sqrt(variance) + EPSILON);
#endif
#if MOMENTUM_SLOT
  let new_$(1 + CENTERED) = momentum * old_$(1 + CENTERED) + direction;
  var moved = old - rate * new_$(1 + CENTERED);
#else
  var moved = old - rate * direction;
#endif

#elif ADAGRAD
  let new_0 = old_0 + gradient * gradient;
#if EPSILON_INSIDE
  let scale = sqrt(new_0 + EPSILON);
#else
  let scale = sqrt(new_0) + EPSILON;
#endif
  // Where no gradient has come yet, 0 / 0 would be no number.
  var moved = old - rate * select(gradient / scale, vec4f(0.0), gradient == vec4f(0.0));

#elif ADADELTA
  let new_0 = RHO * old_0 + ONE_MINUS_RHO * gradient * gradient;
  let delta = sqrt(old_1 + EPSILON) / sqrt(new_0 + EPSILON) * gradient;
  let new_1 = RHO * old_1 + ONE_MINUS_RHO * delta * delta;
  var moved = old - rate * delta;

#elif LAMB
  let new_0 = BETA1 * old_0 + ONE_MINUS_BETA1 * gradient;
  let new_1 = BETA2 * old_1 + ONE_MINUS_BETA2 * gradient * gradient;
  let updates = f32(finished + 1u);
  let firstCorrected = new_0 / oneMinusExp(updates * LN_BETA1);
  let direction = firstCorrected / (sqrt(new_1 / oneMinusExp(updates * LN_BETA2)) + EPSILON) + DIRECTION_DECAY * old;
#if MEASURE
  let kept = select(vec4f(0.0), old, inside);
  let taken = select(vec4f(0.0), direction, inside);
  squares[index] = vec2f(dot(kept, kept), dot(taken, taken));
#else
  var moved = old - rate * trustRatios[index / 16u] * direction;
#endif

#elif LION
  let direction = sign(BETA1 * old_0 + ONE_MINUS_BETA1 * gradient);
  let new_0 = BETA2 * old_0 + ONE_MINUS_BETA2 * gradient;
  var moved = old - rate * direction;

#elif ADAFACTOR
  // What arrives as the gradient is the direction (adafactor_direction.wgsl), treated already.
  var moved = old - min(rate, 1.0 / sqrt(f32(finished + 1u))) * directionScales[index / 16u] * gradient;

#elif FTRL
  let new_0 = old_0 + gradient * gradient;
  let root = rootOf(new_0);
  let new_1 = old_1 + gradient + 2.0 * L2_SHRINKAGE * old - (root - rootOf(old_0)) / rate * old;
  let pulled = clamp(new_1, vec4f(-L1), vec4f(L1)) - new_1;
  // The formula divides by the rate; with none, nothing moves.
  if (rate == 0.0) { return; }
  var moved = pulled / (root / rate + 2.0 * L2 + BETA / rate);
#endif
