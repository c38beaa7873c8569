import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { randomKey, randomUniform } from "../core/random.ts";
import type { Dataset } from "./dataset.ts";
import { subset } from "./subset.ts";

/** How `split` divides a data set. */
export interface SplitOptions {
  /**
   * Share of the images that is kept for validation, above 0 and below 1. Or a text: images validate whose file's name, without its
   * folders, begins with it, as in "val_".
   */
  validation: number | string;
  /** Takes random images, the same ones for the same seed. Default: the last ones, as Keras' `validation_split` does. */
  seed?: number;
  /** The same share of each class's images. Default false. */
  stratified?: boolean;
  /**
   * Keeps images together that belong together, of one person or one film: those for which it gives the same text. By their names'
   * beginning, for instance: `groupBy: (name) => name.split("_")[0]`. A group goes to one side as a whole, so that the share is only
   * nearly kept. Not with `stratified`.
   */
  groupBy?: (name: string, index: number) => string;
}

const OPTIONS: OptionKinds<SplitOptions> = {
  ...{ validation: "any", seed: "number", stratified: "boolean", groupBy: "any" },
};

/** Tells these random numbers from those of shuffling and of layers. */
const SPLIT_STREAM = 0x5b117;

/**
 * Divides a data set in two: what to train on, and what to validate with. Without a seed the last images validate, as they
 * lie and without a copy, as Keras' `validation_split`; take a `seed` or `stratified: true`, which copy, where images are
 * sorted by class. Both parts keep the images' order and know all classes. Throws `ArgumentError` where
 * one part would be empty, and for `stratified` where images have no class labels.
 *
 *     const { training, validation } = split(digits, { validation: 0.2, seed: 1, stratified: true });
 */
export function split(whole: Dataset, options: SplitOptions): { training: Dataset; validation: Dataset } {
  checkOptions("split", options, OPTIONS);
  const { validation, seed, stratified = false, groupBy } = options;
  if (typeof validation === "string") return byPrefix(whole, validation, options);
  if (!(validation > 0 && validation < 1)) {
    throw new ArgumentError(
      `split: validation must be a share above 0 and below 1, such as 0.2, got ${describeValue(validation)}.`,
    );
  }
  if (seed !== undefined && !Number.isFinite(seed))
    throw new ArgumentError(`split: seed must be a number, got ${seed}.`);
  const kept = trainingCount(whole.count, validation);
  if (kept < 1 || kept >= whole.count) {
    throw new ArgumentError(
      `split: ${whole.count} images cannot be split with validation: ${validation}; one part would be empty.`,
    );
  }
  if (groupBy !== undefined) return divided(whole, ofGroups(whole, whole.count - kept, options));
  if (seed === undefined && !stratified) {
    return { training: subset(whole, 0, kept), validation: subset(whole, kept, whole.count - kept) };
  }
  return divided(
    whole,
    stratified ? ofEachClass(whole, validation, seed) : new Set(ordered(whole.count, seed).slice(kept)),
  );
}

/** What is chosen validates. */
function divided(whole: Dataset, chosen: ReadonlySet<number>): { training: Dataset; validation: Dataset } {
  const rows = ordered(whole.count, undefined);
  return {
    training: subset(
      whole,
      rows.filter((row) => !chosen.has(row)),
    ),
    validation: subset(
      whole,
      rows.filter((row) => chosen.has(row)),
    ),
  };
}

function namesOf(whole: Dataset, why: string): readonly string[] {
  if (whole.names) return whole.names;
  throw new ArgumentError(`split: ${why} wants a data set whose images have names, such as imageFolder's.`);
}

function byPrefix(whole: Dataset, prefix: string, { seed, stratified, groupBy }: SplitOptions) {
  if (seed !== undefined || stratified || groupBy) {
    throw new ArgumentError(
      "split: where names say which images validate, there is no choice left; leave seed, stratified and groupBy out.",
    );
  }
  const names = namesOf(whole, `validation: ${describeValue(prefix)}`);
  const chosen = new Set(
    names.flatMap((name, row) => (name.slice(name.lastIndexOf("/") + 1).startsWith(prefix) ? [row] : [])),
  );
  if (chosen.size > 0 && chosen.size < whole.count) return divided(whole, chosen);
  throw new ArgumentError(
    `split: ${chosen.size === 0 ? "no image's" : "every image's"} file begins with ${describeValue(prefix)}; one part would be ` +
      `empty. The first is ${describeValue(names[0])}.`,
  );
}

/** The rows of whole groups, about as many as are wanted. */
function ofGroups(whole: Dataset, wanted: number, { groupBy, stratified, seed }: SplitOptions): Set<number> {
  if (typeof groupBy !== "function") {
    throw new ArgumentError(`split: groupBy must be a function (name) => text, got ${describeValue(groupBy)}.`);
  }
  if (stratified) throw new ArgumentError("split: groupBy and stratified do not go together; leave one out.");
  const names = namesOf(whole, "groupBy");
  const groups = new Map<string, number[]>();
  names.forEach((name, row) => {
    const key = String(groupBy(name, row));
    const rows = groups.get(key);
    if (rows) rows.push(row);
    else groups.set(key, [row]);
  });
  if (groups.size < 2)
    throw new ArgumentError("split: groupBy gives all images the same group; one part would be empty.");
  const lists = [...groups.values()];
  // As without groups, the last ones where there is no seed.
  const order = ordered(lists.length, seed).reverse();
  const chosen = new Set<number>();
  for (const rows of order.slice(0, -1).map((place) => lists[place] ?? [])) {
    // At least one group; after that as long as it comes nearer to what is wanted.
    if (chosen.size > 0 && chosen.size + rows.length / 2 > wanted) continue;
    for (const row of rows) chosen.add(row);
  }
  return chosen;
}

/** Images that are trained on. The small number keeps 10 · (1 − 0.9) from being 0.99…. */
function trainingCount(count: number, validation: number): number {
  return Math.floor(count * (1 - validation) + 1e-9);
}

/** Rows 0 … count − 1, in a random order where there is a seed. */
function ordered(count: number, seed: number | undefined): number[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  if (seed === undefined) return rows;
  const key = randomKey(seed, SPLIT_STREAM);
  // Fisher and Yates' shuffle.
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(randomUniform(key, last) * (last + 1));
    [rows[last], rows[other]] = [rows[other] ?? 0, rows[last] ?? 0];
  }
  return rows;
}

/** The last share of each class's rows; as many in all as without classes, by the largest remainders. */
function ofEachClass(whole: Dataset, validation: number, seed: number | undefined): Set<number> {
  if (whole.labels.length === 0) {
    throw new ArgumentError("split: stratified wants class labels; this data set has targets. Leave stratified out.");
  }
  const byClass = new Map<number, number[]>();
  for (const row of ordered(whole.count, seed)) {
    const label = whole.labels[row] ?? 0;
    const rows = byClass.get(label);
    if (rows) rows.push(row);
    else byClass.set(label, [row]);
  }
  const wanted = whole.count - trainingCount(whole.count, validation);
  const shares = [...byClass.values()].map((rows) => {
    const exact = rows.length * validation;
    const least = Math.floor(exact + 1e-9);
    // The only image of a class is rather trained on.
    return { rows, least, remainder: rows.length === 1 ? 0 : exact - least };
  });
  let missing = wanted - shares.reduce((sum, { least }) => sum + least, 0);
  const chosen = new Set<number>();
  for (const { rows, least } of shares.sort((a, b) => b.remainder - a.remainder)) {
    const more = missing > 0 && least < rows.length ? 1 : 0;
    missing -= more;
    for (const row of rows.slice(rows.length - least - more)) chosen.add(row);
  }
  return chosen;
}
