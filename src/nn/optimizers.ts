import { ArgumentError } from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import type { UpdateRule } from "../graph/ops/optimizer_update.ts";

/** How a trainer moves the parameters: plain data, made by `adam()` or `sgd()`. */
export interface Optimizer {
  readonly rule: UpdateRule;
  readonly learningRate: number | Schedule;
}

function checkNumber(
  what: string,
  name: string,
  value: number,
  least: number,
  below = Number.POSITIVE_INFINITY,
): number {
  if (!Number.isFinite(value) || value < least || value >= below) {
    const range = below === Number.POSITIVE_INFINITY ? `at least ${least}` : `in [${least}, ${below})`;
    throw new ArgumentError(`${what}: ${name} must be a number ${range}, got ${String(value)}.`);
  }
  return value;
}

/** A learning rate as a number of at least 0, or a schedule, which has been checked where it was made. */
export function checkLearningRate(what: string, value: number | Schedule): number | Schedule {
  if (typeof value === "object" && Array.isArray(value?.segments)) return value;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ArgumentError(
    `${what}: learningRate must be a number of at least 0 or a schedule such as cosineDecay(), got ${String(value)}.`,
  );
}

/** Adam (Kingma and Ba 2015). Defaults are Keras': learningRate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-7. */
export function adam(
  options: { learningRate?: number | Schedule; beta1?: number; beta2?: number; epsilon?: number } = {},
): Optimizer {
  return {
    learningRate: checkLearningRate("adam", options.learningRate ?? 1e-3),
    rule: {
      kind: "adam",
      beta1: checkNumber("adam", "beta1", options.beta1 ?? 0.9, 0, 1),
      beta2: checkNumber("adam", "beta2", options.beta2 ?? 0.999, 0, 1),
      epsilon: checkNumber("adam", "epsilon", options.epsilon ?? 1e-7, 0),
      weightDecay: 0,
    },
  };
}

/**
 * Gradient descent; with `momentum` the heavy ball, or Nesterov's form. `weightDecay` adds that multiple of the
 * parameter to its gradient (L2). Defaults: learningRate 0.01, the rest off.
 */
export function sgd(
  options: { learningRate?: number | Schedule; momentum?: number; nesterov?: boolean; weightDecay?: number } = {},
): Optimizer {
  const momentum = checkNumber("sgd", "momentum", options.momentum ?? 0, 0, 1);
  if (options.nesterov === true && momentum === 0) throw new ArgumentError("sgd: nesterov needs a momentum above 0.");
  return {
    learningRate: checkLearningRate("sgd", options.learningRate ?? 0.01),
    rule: {
      kind: "sgd",
      momentum,
      nesterov: options.nesterov ?? false,
      weightDecay: checkNumber("sgd", "weightDecay", options.weightDecay ?? 0, 0),
    },
  };
}
