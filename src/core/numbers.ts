/** Checks of numbers that options give, for every floor: each names the option, what it must be and what it is. */
import { ArgumentError } from "./errors.ts";
import { describeValue } from "./options.ts";

/** A finite number from `least` to less than `below`, or an `ArgumentError` that names it. */
export function checkNumber(
  what: string,
  name: string,
  value: number,
  least = Number.NEGATIVE_INFINITY,
  below = Number.POSITIVE_INFINITY,
): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < least || value >= below) {
    const range =
      below !== Number.POSITIVE_INFINITY
        ? `a number in [${least}, ${below})`
        : least === Number.NEGATIVE_INFINITY
          ? "a finite number"
          : `a finite number of at least ${least}`;
    throw new ArgumentError(`${what}: ${name} must be ${range}, got ${describeValue(value)}.`);
  }
  return value;
}

/** A finite number above 0, or an `ArgumentError` that names it. */
export function checkAbove0(what: string, name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new ArgumentError(`${what}: ${name} must be a number above 0, got ${describeValue(value)}.`);
  }
  return value;
}

/** A whole number of at least `least`, or an `ArgumentError` that names it. */
export function checkCount(what: string, name: string, value: number, least = 1): number {
  if (!Number.isInteger(value) || value < least) {
    throw new ArgumentError(
      `${what}: ${name} must be a whole number of at least ${least}, got ${describeValue(value)}.`,
    );
  }
  return value;
}
