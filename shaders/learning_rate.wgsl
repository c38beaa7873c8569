// The learning rate, and with MOMENTUM_SCHEDULE the momentum, after `step` finished steps, from a table of segments (src/core/schedule.ts, rateFromTable). A row
// is two vectors: start, steps, kind, from; then to or factor, power or staircase or stretch or down, shrink, cosine.
var<storage> schedule: array<vec4f>;

const POLYNOMIAL = 0u;
const COSINE = 1u;
const EXPONENTIAL = 2u;
const CYCLIC = 4u;
const INVERSE = 5u;
const QUARTER_TURN = 1.57079632679490;

// x^y for x ≥ 0, exact where y is 0 or 1.
fn power(x: f32, y: f32) -> f32 {
  return select(select(pow(x, y), x, y == 1.0), 1.0, y == 0.0);
}

// sin² of x in 0…π/4, by Taylor's series: WGSL's own sine is good to 2⁻¹¹ only.
fn sineSquared(x: f32) -> f32 {
  let square = x * x;
  let sine = x * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))));
  return sine * sine;
}

// From `high` down to `low` along half a cosine, `place` in 0…1: (1 + cos πp) / 2 = 1 − sin² πp/2 = sin² π(1−p)/2.
fn cosineBetween(high: f32, low: f32, place: f32) -> f32 {
  let squared = sineSquared(QUARTER_TURN * min(place, 1.0 - place));
  return low + (high - low) * select(squared, 1.0 - squared, place < 0.5);
}

fn learningRate(step: u32) -> f32 {
  return scheduled(step, 0u);
}

#if MOMENTUM_SCHEDULE
// Its table follows that of the rates.
fn scheduledMomentum(step: u32) -> f32 {
  return scheduled(step, SCHEDULE_ROWS);
}
#endif

// The value from SCHEDULE_ROWS rows, the first of which is `first`.
fn scheduled(step: u32, first: u32) -> f32 {
  var row = first;
  for (var next = first + 1u; next < first + SCHEDULE_ROWS; next++) {
    let start = schedule[2u * next].x;
    if ((start > schedule[2u * row].x) & (u32(start) <= step)) { row = next; }
  }
  let head = schedule[2u * row];
  let tail = schedule[2u * row + 1u];
  let high = head.w;
  let low = tail.x;
  let kind = u32(head.z);
  if ((kind == POLYNOMIAL) & (high == low)) { return high; }

  let steps = u32(head.y);
  let finished = step - u32(head.x);
  let place = min(f32(finished) / f32(steps), 1.0);
  if (kind == POLYNOMIAL) { return low + (high - low) * power(1.0 - place, tail.y); }
  if (kind == COSINE) { return cosineBetween(high, low, place); }
  if (kind == EXPONENTIAL) {
    let exponent = select(f32(finished) / f32(steps), f32(finished / steps), tail.y == 1.0);
    return high * power(low, exponent);
  }
  if (kind == INVERSE) {
    return high / (1.0 + low * select(f32(finished) / f32(steps), f32(finished / steps), tail.y == 1.0));
  }
  if (kind == CYCLIC) {
    let down = u32(tail.y);
    let inRound = finished % (steps + down);
    let risen = select(1.0 - f32(inRound - steps) / tail.y, f32(inRound) / f32(steps), inRound < steps);
    let top = high + (low - high) * power(tail.z, f32(finished / (steps + down)));
    return select(high + (top - high) * risen, cosineBetween(high, top, risen), tail.w == 1.0);
  }
  // Restarts. Lengths of rounds are whole wherever the stretch is, so a round ends exactly where it should.
  var rounds = finished / steps;
  var inRound = f32(finished % steps) / f32(steps);
  if (tail.y != 1.0) {
    var begun = 0.0;
    var length = f32(steps);
    rounds = 0u;
    while (f32(finished) >= begun + length) {
      begun += length;
      length *= tail.y;
      rounds++;
    }
    inRound = (f32(finished) - begun) / length;
  }
  return cosineBetween(high * power(tail.z, f32(rounds)), low, inRound);
}
