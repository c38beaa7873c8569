import { ArgumentError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { Dataset } from "../dataset.ts";
import { findTwins, isPictureShape } from "./near_duplicates.ts";
import type { ImportReport, SkippedFile } from "./types.ts";

/** Images of a class. */
export interface ClassCount {
  /** Its name, or its number where the data set has no names. */
  readonly name: string;
  /** Images to train on. */
  readonly training: number;
  /** Images to validate with; 0 where there are none. */
  readonly validation: number;
}

/** An image in a report. */
export interface ImageReference {
  /** Its number in its data set. */
  readonly index: number;
  /** Its file, or its number where the data set has no names. */
  readonly name: string;
  /** Its class index; −1 where the data set has targets. */
  readonly label: number;
}

/** An image to validate with that looks like one that is trained on: what is learnt by heart seems to be understood. */
export interface NearDuplicate {
  /** The image that is trained on. */
  readonly training: ImageReference;
  /** The image to validate with. */
  readonly validation: ImageReference;
  /** Of coarse grey pictures of both, at most 1. */
  readonly correlation: number;
}

/** Something about the data that training will suffer from. */
export interface DataWarning {
  /** What it is, for programs. */
  readonly kind:
    | "one-class"
    | "empty-class"
    | "imbalanced"
    | "no-validation-of-a-class"
    | "small-validation"
    | "near-duplicates"
    | "labels-of-duplicates"
    | "skipped-files"
    | "import-stopped";
  /** What it is in words, with what to do. */
  readonly message: string;
}

/** What `checkData` found; `String(report)` is the same as a text. */
export class DataReport {
  /** Images to train on. */
  readonly count: number;
  /** One image. */
  readonly shape: Shape;
  /** Bytes of the images to train on. */
  readonly bytes: number;
  /** Images to validate with; 0 where there is no such data set. */
  readonly validationCount: number;
  /** By class index; empty where the data set has targets. */
  readonly classes: readonly ClassCount[];
  /** The largest class by the smallest, of those to train on; 1 is balanced, infinite where one is empty. */
  readonly imbalance: number;
  /** All that were found; undefined where nothing could be compared: no validation set, no pictures, or a `dataSource`. */
  readonly nearDuplicates: readonly NearDuplicate[] | undefined;
  /** Files that `imageFolder` left out. */
  readonly skipped: readonly SkippedFile[];
  /** What to mend, the most important first. */
  readonly warnings: readonly DataWarning[];

  /** Made by `checkData`. */
  constructor(found: Omit<DataReport, "toString">) {
    this.count = found.count;
    this.shape = found.shape;
    this.bytes = found.bytes;
    this.validationCount = found.validationCount;
    this.classes = found.classes;
    this.imbalance = found.imbalance;
    this.nearDuplicates = found.nearDuplicates;
    this.skipped = found.skipped;
    this.warnings = found.warnings;
  }

  /** Counts, then a line for each warning. */
  toString(): string {
    const counts = (of: "training" | "validation") =>
      this.classes.length === 0 || this.classes.length > 20
        ? ""
        : `: ${this.classes.map((one) => `${one.name} ${formatCount(one[of])}`).join(", ")}`;
    const lines = [
      `${formatCount(this.count)} pictures, ${this.shape.join("×")}, ${formatBytes(this.bytes)}${counts("training")}`,
    ];
    if (this.validationCount > 0) {
      lines.push(`validation: ${formatCount(this.validationCount)} pictures${counts("validation")}`);
    }
    for (const { message } of this.warnings) lines.push(`! ${message}`);
    return lines.join("\n");
  }
}

/** Classes of which one is so many times larger are told: a network that always names the large one seems good. */
const IMBALANCED = 3;
/** Images below which an accuracy is a matter of chance by more than ten points. */
const SMALL_VALIDATION = 100;
const MOST_NAMED = 3;

/**
 * Looks at a data set before it is trained on: images of each class, sizes and bytes, near duplicates between what is trained
 * on and what validates, and the files that `imageFolder` skipped. Nothing is changed.
 *
 *     const report = checkData(pets, { validation });
 *     console.log(`${report}`);   // 2,000 pictures, 64×64×3, 24.6 MB: cats 1,000, dogs 1,000 …
 *     for (const { kind, message } of report.warnings) …
 *
 * `validation`: by default the part `validation` of what `imageFolder` read. 20,000 pictures of 64×64 pixels take a few
 * seconds. Throws `ArgumentError` for what is no data set, or a validation set of other shapes or classes.
 */
export function checkData(dataset: Dataset, options: { validation?: Dataset } = {}): DataReport {
  checkOptions("checkData", options, { validation: "any" });
  checkDataset("the data set", dataset);
  const { validation = (dataset as { validation?: Dataset }).validation } = options;
  if (validation) checkAlike(dataset, validation);
  const classes = classCounts(dataset, validation);
  const sizes = classes.map(({ training }) => training);
  const imbalance = classes.length === 0 ? 1 : Math.max(...sizes) / Math.min(...sizes);
  const inMemory = validation && !dataset.read && !validation.read && isPictureShape(dataset.shape);
  const nearDuplicates = inMemory ? duplicatesBetween(dataset, validation) : undefined;
  const reports = new Set([importOf(dataset), validation && importOf(validation)]);
  const skipped = [...reports].flatMap((report) => report?.skipped ?? []);
  const stopped = [...reports].flatMap((report) => report?.stopped ?? []);
  const found = {
    ...{ count: dataset.count, shape: [...dataset.shape], bytes: bytesOf(dataset) },
    ...{ validationCount: validation?.count ?? 0, classes, imbalance, nearDuplicates, skipped },
  };
  return new DataReport({ ...found, warnings: warningsOf(found, stopped) });
}

const bytesOf = ({ count, shape, images }: Dataset) => count * sizeOf(shape) * images.BYTES_PER_ELEMENT;

function checkDataset(what: string, dataset: Dataset): void {
  if (typeof dataset === "object" && dataset !== null && ArrayBuffer.isView(dataset.images)) return;
  throw new ArgumentError(
    `checkData: ${what} must be one of dataset(), imageFolder() and their like, got ${describeValue(dataset)}.`,
  );
}

function checkAlike(dataset: Dataset, validation: Dataset): void {
  checkDataset("validation", validation);
  const told = ({ shape, classes }: Dataset) => `${shape.join("×")} with ${classes} classes`;
  if (sizeOf(dataset.shape) === sizeOf(validation.shape) && validation.classes <= dataset.classes) return;
  throw new ArgumentError(
    `checkData: the images to train on are ${told(dataset)}, those to validate with ${told(validation)}; read both with the ` +
      "same size, channels and classNames.",
  );
}

function classCounts(dataset: Dataset, validation: Dataset | undefined): ClassCount[] {
  const count = ({ labels }: Dataset) => {
    const counts = new Uint32Array(dataset.classes);
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  };
  const [training, unseen] = [count(dataset), validation && count(validation)];
  return Array.from(training, (images, label) => ({
    ...{ name: dataset.classNames?.[label] ?? String(label), training: images, validation: unseen?.[label] ?? 0 },
  }));
}

function duplicatesBetween(dataset: Dataset, validation: Dataset): NearDuplicate[] {
  const reference = (whole: Dataset, index: number): ImageReference => ({
    ...{ index, name: whole.names?.[index] ?? String(index), label: whole.labels[index] ?? -1 },
  });
  return findTwins(validation, dataset).map(({ index, other, correlation }) => ({
    ...{ training: reference(dataset, other), validation: reference(validation, index), correlation },
  }));
}

const importOf = (dataset: Dataset) => (dataset as { imported?: ImportReport }).imported;

function warningsOf(found: Omit<DataReport, "toString" | "warnings">, stopped: readonly string[]): DataWarning[] {
  const { classes, imbalance, validationCount, nearDuplicates = [], skipped } = found;
  const warnings: DataWarning[] = [];
  const warn = (kind: DataWarning["kind"], message: string) => warnings.push({ kind, message });
  const named = (names: readonly string[]) =>
    names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(", ")} …` : names.join(", ");
  for (const why of stopped) warn("import-stopped", `not all files were read: ${why}.`);
  const empty = classes.filter(({ training }) => training === 0).map(({ name }) => name);
  if (classes.length > 0 && classes.length - empty.length === 1) {
    warn("one-class", "only one class has images; whatever the network says will be right. Add images of others.");
  } else if (empty.length > 0) {
    warn("empty-class", `no images to train on: ${named(empty)}. Add some, or leave the class out.`);
  }
  if (Number.isFinite(imbalance) && imbalance > IMBALANCED) {
    const sorted = [...classes].sort((a, b) => b.training - a.training);
    const told = (one: ClassCount | undefined) => `${one?.name} has ${formatCount(one?.training ?? 0)}`;
    warn(
      "imbalanced",
      `${told(sorted[0])} images, ${told(sorted.at(-1))}. Add images of the small classes, or weigh them: fit({ classWeight }).`,
    );
  }
  if (validationCount > 0) {
    const unseen = classes.filter(({ training, validation }) => training > 0 && validation === 0);
    if (unseen.length > 0) {
      const names = named(unseen.map(({ name }) => name));
      warn("no-validation-of-a-class", `no images to validate with: ${names}. Move some there.`);
    }
    if (validationCount < SMALL_VALIDATION) {
      const points = Math.round(100 / Math.sqrt(validationCount));
      warn(
        "small-validation",
        `${validationCount} images to validate with: an accuracy on them is right within ± ${points} points. ` +
          `${SMALL_VALIDATION} or more tell better.`,
      );
    }
  }
  const pair = ({ validation, training }: NearDuplicate) => `${validation.name} is like ${training.name}`;
  if (nearDuplicates.length > 0) {
    warn(
      "near-duplicates",
      `${formatCount(nearDuplicates.length)} of ${formatCount(validationCount)} images to validate with look like ones that are ` +
        `trained on, and make the network seem better than it is: ${named(nearDuplicates.map(pair))}. Keep each on one side.`,
    );
  }
  const torn = nearDuplicates.filter(({ training, validation }) => training.label !== validation.label);
  if (torn.length > 0) {
    warn(
      "labels-of-duplicates",
      `alike, but of different classes: ${named(torn.map(pair))}. One of the labels is wrong.`,
    );
  }
  if (skipped.length > 0) {
    const files = named(skipped.map(({ file, detail }) => `${file} (${detail})`));
    const were = skipped.length === 1 ? "file was" : "files were";
    warn("skipped-files", `${formatCount(skipped.length)} ${were} skipped: ${files}.`);
  }
  return warnings;
}
