import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import type { AttributeKind } from "./operation_table.ts";

/** In the place of an extent: how many images the batch has. */
export const BATCH = "batch";

/** Rows, columns, strides, axes' extents in windows: what is looped over when a graph is made stays small. */
const MOST_PIXELS = 65_536;
const MOST_AXES = 8;
const MOST_PARTS = 1024;
const MOST_EXTENT = 2 ** 32;
const LONGEST_TEXT = 32;

type Check = readonly [wants: string, fits: (value: unknown) => boolean];

const whole = (value: unknown, least: number, most: number) =>
  typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
const list = (value: unknown, most: number, fits: (one: unknown) => boolean) =>
  Array.isArray(value) && value.length <= most && value.every(fits);
const pixels = (value: unknown) => whole(value, 0, MOST_PIXELS);
const isPair = (value: unknown) => list(value, 2, pixels) && (value as unknown[]).length === 2;
const isAxis = (value: unknown) => whole(value, -MOST_AXES, MOST_AXES - 1);
const isFactor = (value: unknown) => typeof value === "number" && value > 0 && value <= MOST_PIXELS;

const CHECKS: Readonly<Record<string, Check>> = {
  flag: ["true or false", (value) => typeof value === "boolean"],
  number: ["a finite number", (value) => typeof value === "number" && Number.isFinite(value)],
  count: ["a whole number of at least 1", (value) => whole(value, 1, MOST_EXTENT)],
  axis: ["the number of an axis", isAxis],
  axes: ["an axis or a list of axes", (value) => isAxis(value) || list(value, MOST_AXES, isAxis)],
  extents: [
    `a list of at most ${MOST_AXES} whole numbers, or "${BATCH}" for the images of the batch`,
    (value) => list(value, MOST_AXES, (one) => one === BATCH || whole(one, -1, MOST_EXTENT)),
  ],
  pair: [`two whole numbers from 0 to ${MOST_PIXELS}`, isPair],
  pairs: [`a list of pairs of whole numbers from 0 to ${MOST_PIXELS}`, (value) => list(value, MOST_AXES, isPair)],
  factors: [`two numbers above 0, at most ${MOST_PIXELS}`, (value) => list(value, 2, isFactor)],
  padding: [
    '"same", "valid" or [[top, bottom], [left, right]]',
    (value) => value === "same" || value === "valid" || (list(value, 2, isPair) && (value as unknown[]).length === 2),
  ],
  parts: [
    `a number of parts or a list of their sizes, at most ${MOST_PARTS}`,
    (value) => whole(value, 1, MOST_PARTS) || list(value, MOST_PARTS, (one) => whole(one, 1, MOST_EXTENT)),
  ],
  text: ["a short text", (value) => typeof value === "string" && value.length <= LONGEST_TEXT],
};

function checkOne(what: string, value: unknown, kind: string): void {
  if ((value === undefined || value === null) && kind.endsWith("?")) return;
  const check = CHECKS[kind.replace("?", "")];
  if (check?.[1](value)) return;
  throw new ArgumentError(`${what} must be ${check?.[0]}, got ${describeValue(value)}.`);
}

/**
 * Attributes of an op, which may come from a file, as its builder takes them: a copy, in which what was left out is undefined.
 * Throws `ArgumentError` unless each is of its kind.
 */
export function checkAttributes(what: string, given: unknown, kinds: readonly AttributeKind[]): unknown[] {
  const all: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  if (all.length > kinds.length) {
    throw new ArgumentError(`${what}: takes at most ${kinds.length} attributes, got ${all.length}.`);
  }
  kinds.forEach((kind, place) => {
    const value = all[place];
    if (typeof kind === "string") {
      checkOne(`${what}: attribute ${place + 1}`, value, kind);
      return;
    }
    const names = Object.keys(kind).map((key) => key.replace("?", ""));
    const options = value ?? {};
    checkOptions<object>(what, options, Object.fromEntries(names.map((name) => [name, "any"])));
    Object.entries(kind).forEach(([key, one], index) => {
      const name = names[index] ?? key;
      const found = Object.hasOwn(options, name) ? (options as Record<string, unknown>)[name] : undefined;
      checkOne(`${what}: ${name}`, found, key.endsWith("?") ? `${one}?` : one);
    });
  });
  return kinds.map((_, place) => structuredClone(all[place] ?? undefined));
}

/** Attributes in which "batch" is a number. Throws `ArgumentError` where there is none. */
export function withBatch(what: string, attributes: readonly unknown[], batch: number | undefined): unknown[] {
  const replaced = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replaced);
    if (value !== BATCH) return value;
    if (batch !== undefined) return batch;
    throw new ArgumentError(`${what}: "${BATCH}" has no meaning for constants alone, which have no batch axis.`);
  };
  // Options by name hold no extents.
  return attributes.map(replaced);
}
