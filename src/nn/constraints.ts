import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";

/**
 * What a parameter is held to after each update: plain data, made by `maxNorm()`, `minMaxNorm()` or `unitNorm()`. Its
 * norms √Σw² over `axis` are brought into [minValue, maxValue], by the share `rate` of the way at each step.
 */
export interface Constraint {
  /** Smallest norm, at least 0. */
  readonly minValue: number;
  /** Largest norm. */
  readonly maxValue: number;
  /** Share of the way to the wanted norm that a step goes, in [0, 1]. */
  readonly rate: number;
  /** Axes over which a norm is taken. */
  readonly axis: number | readonly number[];
}

type Axis = number | readonly number[];

const CONSTRAINT: OptionKinds<Constraint> = { minValue: "number", maxValue: "number", rate: "number", axis: "any" };

/**
 * Norms of at most `maxValue` (default 2; Srivastava et al. 2014, section 5.1). `axis` (default 0) names the axes that one
 * norm goes over: 0 for the weights [in, out] into each unit of dense(), [0, 1, 2] for those of each filter of conv2d().
 */
export function maxNorm(options: { maxValue?: number; axis?: Axis } = {}): Constraint {
  checkOptions("maxNorm", options, { maxValue: "number", axis: "any" });
  return checkConstraint("maxNorm", { minValue: 0, maxValue: options.maxValue ?? 2, rate: 1, axis: options.axis ?? 0 });
}

/** Norms within [minValue, maxValue] (default [0, 1]), `rate` (default 1) of the way at each step. */
export function minMaxNorm(
  options: { minValue?: number; maxValue?: number; rate?: number; axis?: Axis } = {},
): Constraint {
  checkOptions("minMaxNorm", options, CONSTRAINT);
  const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = options;
  return checkConstraint("minMaxNorm", { minValue, maxValue, rate, axis });
}

/** Norms of 1. */
export function unitNorm(options: { axis?: Axis } = {}): Constraint {
  checkOptions("unitNorm", options, { axis: "any" });
  return checkConstraint("unitNorm", { minValue: 1, maxValue: 1, rate: 1, axis: options.axis ?? 0 });
}

/** Throws `ArgumentError` unless it is a constraint (or none); returns it. */
export function checkConstraint<T extends Constraint | undefined>(what: string, constraint: T): T {
  if (constraint === undefined) return constraint;
  if (typeof constraint !== "object" || constraint === null) {
    throw new ArgumentError(`${what}: wants a constraint, as maxNorm() makes it, got ${describeValue(constraint)}.`);
  }
  checkOptions<Constraint>(what, constraint, CONSTRAINT);
  const { minValue, maxValue, rate, axis } = constraint;
  if (!(minValue >= 0 && minValue <= maxValue && Number.isFinite(maxValue) && rate >= 0 && rate <= 1)) {
    throw new ArgumentError(
      `${what}: a constraint wants 0 ≤ minValue ≤ maxValue and a rate in [0, 1], as maxNorm() makes it; got minValue ` +
        `${describeValue(minValue)}, maxValue ${describeValue(maxValue)}, rate ${describeValue(rate)}.`,
    );
  }
  const axes: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (axes.length === 0 || !axes.every(Number.isInteger)) {
    throw new ArgumentError(`${what}: axis must be a whole number or a list of them, got ${describeValue(axis)}.`);
  }
  return constraint;
}
