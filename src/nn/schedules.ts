import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { LEAST_STRETCH, SCHEDULE_ROWS, type Schedule, type Segment } from "../core/schedule.ts";
import { scheduleRates } from "../core/schedule_part.ts";
import * as rates from "../core/schedule_rates.ts";

export type { Schedule } from "../core/schedule.ts";
export { learningRateAt, momentumAt } from "../core/schedule_rates.ts";

/*
 * Learning rates that change while training: give one to an optimizer in place of a number. They are evaluated on the
 * device from its count of finished steps, so a step costs the same with and without one. Names are Keras' where it has
 * the schedule, else PyTorch's.
 */

/** A schedule; what reads it is there from now on. */
function made(schedule: Schedule): Schedule {
  scheduleRates.provide(rates);
  return schedule;
}

function rate(what: string, name: string, value: number): number {
  if (!Number.isFinite(value) || value < 0) {
    throw new ArgumentError(`${what}: ${name} must be a number of at least 0, got ${describeValue(value)}.`);
  }
  return value;
}

function above0(what: string, name: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0) {
    throw new ArgumentError(`${what}: ${name} must be a number above 0, got ${describeValue(value)}.`);
  }
  return value;
}

function share(what: string, name: string, value: number): number {
  if (!(value >= 0 && value < 1)) {
    throw new ArgumentError(`${what}: ${name} must be a number in [0, 1), got ${describeValue(value)}.`);
  }
  return value;
}

function count(what: string, name: string, value: number, least = 1): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(
      `${what}: ${name} must be a whole number of at least ${least}, got ${describeValue(value)}.`,
    );
  }
  return value;
}

function list(what: string, name: string, values: readonly number[]): readonly number[] {
  if (Array.isArray(values)) return values;
  throw new ArgumentError(`${what}: ${name} must be a list of numbers, got ${describeValue(values)}.`);
}

function annealsByCosine(what: string, strategy: string): boolean {
  if (strategy === "cos" || strategy === "linear") return strategy === "cos";
  throw new ArgumentError(`${what}: annealStrategy must be "cos" or "linear", got "${strategy}".`);
}

const hold = (start: number, value: number): Segment => ({
  kind: "polynomial",
  start,
  steps: 1,
  from: value,
  to: value,
  power: 1,
});

/**
 * Keeps `initialLearningRate` for `holdSteps` (default 0), then falls to `endLearningRate` (default 0) within
 * `decaySteps` as (1 − u)^`power` (default 1: a straight line), and stays there.
 */
export function polynomialDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  endLearningRate?: number;
  power?: number;
  holdSteps?: number;
}): Schedule {
  checkOptions("polynomialDecay", options, {
    initialLearningRate: "number",
    decaySteps: "number",
    endLearningRate: "number",
    power: "number",
    holdSteps: "number",
  });
  const from = rate("polynomialDecay", "initialLearningRate", options.initialLearningRate);
  const steps = count("polynomialDecay", "decaySteps", options.decaySteps);
  const to = rate("polynomialDecay", "endLearningRate", options.endLearningRate ?? 0);
  const power = above0("polynomialDecay", "power", options.power ?? 1);
  const start = count("polynomialDecay", "holdSteps", options.holdSteps ?? 0, 0);
  const decay: Segment = { kind: "polynomial", start, steps, from, to, power };
  return made({ segments: start === 0 ? [decay] : [hold(0, from), decay] });
}

/**
 * Falls from `initialLearningRate` to `alpha` (default 0) times it within `decaySteps`, along half a cosine, and stays
 * there (Loshchilov and Hutter 2017).
 */
export function cosineDecay(options: { initialLearningRate: number; decaySteps: number; alpha?: number }): Schedule {
  checkOptions("cosineDecay", options, { initialLearningRate: "number", decaySteps: "number", alpha: "number" });
  const from = rate("cosineDecay", "initialLearningRate", options.initialLearningRate);
  const steps = count("cosineDecay", "decaySteps", options.decaySteps);
  const alpha = rate("cosineDecay", "alpha", options.alpha ?? 0);
  return made({ segments: [{ kind: "cosine", start: 0, steps, from, to: alpha * from }] });
}

/**
 * Cosine decay that starts again when it has ended (SGDR, Loshchilov and Hutter 2017): the first round takes
 * `firstDecaySteps`, each further one `tMul` (default 2) times as long, from `mMul` (default 1) times the height.
 * `alpha` (default 0): the bottom, as a fraction of `initialLearningRate`.
 */
export function cosineDecayRestarts(options: {
  initialLearningRate: number;
  firstDecaySteps: number;
  tMul?: number;
  mMul?: number;
  alpha?: number;
}): Schedule {
  checkOptions("cosineDecayRestarts", options, {
    initialLearningRate: "number",
    firstDecaySteps: "number",
    tMul: "number",
    mMul: "number",
    alpha: "number",
  });
  const what = "cosineDecayRestarts";
  const from = rate(what, "initialLearningRate", options.initialLearningRate);
  const steps = count(what, "firstDecaySteps", options.firstDecaySteps);
  const stretch = options.tMul ?? 2;
  if (!Number.isFinite(stretch) || (stretch !== 1 && stretch < LEAST_STRETCH)) {
    throw new ArgumentError(
      `${what}: tMul must be 1, or a number of at least ${LEAST_STRETCH}, got ${describeValue(stretch)}.`,
    );
  }
  const shrink = rate(what, "mMul", options.mMul ?? 1);
  const to = rate(what, "alpha", options.alpha ?? 0) * from;
  return made({ segments: [{ kind: "restarts", start: 0, steps, from, to, stretch, shrink }] });
}

/** `initialLearningRate` · `decayRate`^(step / `decaySteps`); with `staircase` in jumps, at whole multiples only. */
export function exponentialDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase?: boolean;
}): Schedule {
  checkOptions("exponentialDecay", options, {
    initialLearningRate: "number",
    decaySteps: "number",
    decayRate: "number",
    staircase: "boolean",
  });
  const from = rate("exponentialDecay", "initialLearningRate", options.initialLearningRate);
  const steps = count("exponentialDecay", "decaySteps", options.decaySteps);
  const factor = above0("exponentialDecay", "decayRate", options.decayRate);
  const staircase = options.staircase ?? false;
  return made({ segments: [{ kind: "exponential", start: 0, steps, from, factor, staircase }] });
}

/** Multiplies the rate by `factor` (default 0.1) every `stepSize` steps, as PyTorch's StepLR. */
export function stepDecay(options: { initialLearningRate: number; stepSize: number; factor?: number }): Schedule {
  checkOptions("stepDecay", options, { initialLearningRate: "number", stepSize: "number", factor: "number" });
  const from = rate("stepDecay", "initialLearningRate", options.initialLearningRate);
  const steps = count("stepDecay", "stepSize", options.stepSize);
  const factor = above0("stepDecay", "factor", options.factor ?? 0.1);
  return made({ segments: [{ kind: "exponential", start: 0, steps, from, factor, staircase: true }] });
}

/** Multiplies the rate by `factor` (default 0.1) after each of the `milestones`, in steps, as PyTorch's MultiStepLR. */
export function multiStepDecay(options: {
  initialLearningRate: number;
  milestones: readonly number[];
  factor?: number;
}): Schedule {
  checkOptions("multiStepDecay", options, { initialLearningRate: "number", milestones: "any", factor: "number" });
  const what = "multiStepDecay";
  const from = rate(what, "initialLearningRate", options.initialLearningRate);
  const factor = above0(what, "factor", options.factor ?? 0.1);
  list(what, "milestones", options.milestones).forEach((milestone, index) => {
    count(what, `milestones[${index}]`, milestone);
  });
  return piecewiseConstantDecay({
    boundaries: options.milestones.map((milestone) => milestone - 1),
    values: [0, ...options.milestones].map((_, index) => from * factor ** index),
  });
}

/** `initialLearningRate` / (1 + `decayRate` · step / `decaySteps`); with `staircase` in jumps, at whole multiples only. */
export function inverseTimeDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase?: boolean;
}): Schedule {
  checkOptions("inverseTimeDecay", options, {
    initialLearningRate: "number",
    decaySteps: "number",
    decayRate: "number",
    staircase: "boolean",
  });
  const from = rate("inverseTimeDecay", "initialLearningRate", options.initialLearningRate);
  const steps = count("inverseTimeDecay", "decaySteps", options.decaySteps);
  const factor = rate("inverseTimeDecay", "decayRate", options.decayRate);
  const staircase = options.staircase ?? false;
  return made({ segments: [{ kind: "inverse", start: 0, steps, from, factor, staircase }] });
}

/**
 * Climbs from `baseLearningRate` to `maxLearningRate` within `stepSizeUp` (default 2000) and back within `stepSizeDown`
 * (default as long), for ever (Smith 2017), with PyTorch's names. `mode` "triangular2" halves the climb each round.
 * `annealStrategy` "cos" goes along half a cosine; with the larger rate as the base that is PyTorch's CosineAnnealingLR,
 * which climbs again. Its mode "exp_range" is not here.
 */
export function cyclicLearningRate(options: {
  baseLearningRate: number;
  maxLearningRate: number;
  stepSizeUp?: number;
  stepSizeDown?: number;
  mode?: "triangular" | "triangular2";
  annealStrategy?: "cos" | "linear";
}): Schedule {
  checkOptions("cyclicLearningRate", options, {
    baseLearningRate: "number",
    maxLearningRate: "number",
    stepSizeUp: "number",
    stepSizeDown: "number",
    mode: "string",
    annealStrategy: "string",
  });
  const what = "cyclicLearningRate";
  const from = rate(what, "baseLearningRate", options.baseLearningRate);
  const to = rate(what, "maxLearningRate", options.maxLearningRate);
  const steps = count(what, "stepSizeUp", options.stepSizeUp ?? 2000);
  const down = count(what, "stepSizeDown", options.stepSizeDown ?? steps);
  const mode = options.mode ?? "triangular";
  if (mode !== "triangular" && mode !== "triangular2") {
    throw new ArgumentError(`${what}: mode must be "triangular" or "triangular2", got ${describeValue(mode)}.`);
  }
  const shrink = mode === "triangular2" ? 0.5 : 1;
  const cosine = annealsByCosine(what, options.annealStrategy ?? "linear");
  return made({ segments: [{ kind: "cyclic", start: 0, steps, from, to, down, shrink, cosine }] });
}

/** `values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so on: one value more than boundaries. */
export function piecewiseConstantDecay(options: {
  boundaries: readonly number[];
  values: readonly number[];
}): Schedule {
  checkOptions("piecewiseConstantDecay", options, { boundaries: "any", values: "any" });
  const what = "piecewiseConstantDecay";
  const boundaries = list(what, "boundaries", options.boundaries);
  const values = list(what, "values", options.values);
  if (values.length !== boundaries.length + 1 || values.length > SCHEDULE_ROWS) {
    throw new ArgumentError(
      `${what}: wants one value more than boundaries and at most ${SCHEDULE_ROWS}, got ${values.length} values and ` +
        `${boundaries.length} boundaries.`,
    );
  }
  boundaries.forEach((boundary, index) => {
    count(what, `boundaries[${index}]`, boundary, 0);
    if (index > 0 && boundary <= (boundaries[index - 1] ?? 0)) {
      throw new ArgumentError(`${what}: boundaries must rise, but ${boundary} follows ${boundaries[index - 1]}.`);
    }
  });
  return made({
    segments: values.map((value, index) =>
      hold(index === 0 ? 0 : (boundaries[index - 1] ?? 0) + 1, rate(what, `values[${index}]`, value)),
    ),
  });
}

/**
 * One-cycle (Smith and Topin 2018), with PyTorch's names and defaults: from `maxLearningRate` / `divFactor` (25) up to
 * `maxLearningRate` within the first `pctStart` (0.3) of `totalSteps`, then down to the first rate / `finalDivFactor`
 * (1e4); both along half a cosine, or straight with `annealStrategy` "linear".
 *
 * With `cycleMomentum` the momentum of `sgd` or `rmsprop`, or the β₁ of `adam` or `adamw`, goes the other way: from
 * `maxMomentum` (0.95) down to `baseMomentum` (0.85) while the rate climbs, and back. Default false (PyTorch: true), but
 * true where one of the two is given.
 */
export function oneCycle(options: {
  maxLearningRate: number;
  totalSteps: number;
  pctStart?: number;
  divFactor?: number;
  finalDivFactor?: number;
  annealStrategy?: "cos" | "linear";
  cycleMomentum?: boolean;
  baseMomentum?: number;
  maxMomentum?: number;
}): Schedule {
  checkOptions("oneCycle", options, {
    maxLearningRate: "number",
    totalSteps: "number",
    pctStart: "number",
    divFactor: "number",
    finalDivFactor: "number",
    annealStrategy: "string",
    cycleMomentum: "boolean",
    baseMomentum: "number",
    maxMomentum: "number",
  });
  const top = rate("oneCycle", "maxLearningRate", options.maxLearningRate);
  const totalSteps = count("oneCycle", "totalSteps", options.totalSteps, 2);
  const pctStart = options.pctStart ?? 0.3;
  if (!(pctStart >= 0 && pctStart < 1)) {
    throw new ArgumentError(`oneCycle: pctStart must be in [0, 1), got ${describeValue(pctStart)}.`);
  }
  const first = top / above0("oneCycle", "divFactor", options.divFactor ?? 25);
  const last = first / above0("oneCycle", "finalDivFactor", options.finalDivFactor ?? 1e4);
  const cosine = annealsByCosine("oneCycle", options.annealStrategy ?? "cos");
  const piece = (start: number, end: number, from: number, to: number): Segment => {
    const steps = Math.max(end - start, 1);
    return cosine
      ? { kind: "cosine", start, steps, from, to }
      : { kind: "polynomial", start, steps, from, to, power: 1 };
  };
  // PyTorch's peak, moved to the nearest whole step.
  const peak = Math.max(0, Math.round(pctStart * totalSteps) - 1);
  const there = (from: number, middle: number, to: number): Segment[] => {
    const down = piece(peak, totalSteps - 1, middle, to);
    return peak === 0 ? [down] : [piece(0, peak, from, middle), down];
  };
  const segments = there(first, top, last);
  const { baseMomentum, maxMomentum } = options;
  if (!(options.cycleMomentum ?? (baseMomentum !== undefined || maxMomentum !== undefined))) return made({ segments });
  const [base, most] = [
    share("oneCycle", "baseMomentum", baseMomentum ?? 0.85),
    share("oneCycle", "maxMomentum", maxMomentum ?? 0.95),
  ];
  return made({ segments, momentum: there(most, base, most) });
}

/**
 * Rises straight from `from` (default 0) to the schedule's first rate within `steps`; then the schedule begins. A momentum
 * that the schedule moves keeps its first value until then.
 */
export function warmup(learningRate: number | Schedule, options: { steps: number; from?: number }): Schedule {
  checkOptions("warmup", options, { steps: "number", from: "number" });
  const steps = count("warmup", "steps", options.steps);
  const from = rate("warmup", "from", options.from ?? 0);
  const after: Schedule =
    typeof learningRate === "number"
      ? { segments: [hold(0, rate("warmup", "learningRate", learningRate))] }
      : rates.checkSchedule("warmup", learningRate);
  const { momentum } = after;
  if (Math.max(after.segments.length, momentum?.length ?? 0) >= SCHEDULE_ROWS) {
    throw new ArgumentError(
      `warmup: the schedule has ${after.segments.length} segments; at most ${SCHEDULE_ROWS - 1}.`,
    );
  }
  const rise: Segment = { kind: "polynomial", start: 0, steps, from, to: rates.learningRateAt(after, 0), power: 1 };
  const later = (segments: readonly Segment[]) => segments.map((one) => ({ ...one, start: one.start + steps }));
  return made({
    segments: [rise, ...later(after.segments)],
    ...(momentum ? { momentum: [hold(0, rates.momentumAt(after, 0) ?? 0), ...later(momentum)] } : {}),
  });
}
