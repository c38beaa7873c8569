/** Pictures of the visitor's in classes, as they are trained on: one set at a time. */

import type { Dataset } from "../../src/data/dataset.ts";
import type { ImageDataset, SkippedFile } from "../../src/data/pictures/types.ts";
import { split } from "../../src/data/split.ts";
import { withoutClass as withoutLabel } from "../../src/data/without_class.ts";
import { SEED } from "./presets.ts";

/** How pictures are brought to one form. */
export interface PictureForm {
  /** Side in pixels; images are square. */
  readonly size: number;
  /** 1: grey; 3: colour. */
  readonly channels: 1 | 3;
}

export interface PictureSet extends PictureForm {
  readonly id: string;
  /** Under what name its pictures are kept in this browser, where they are. */
  readonly store: string;
  /** The folder or archive that they came from. */
  readonly title: string;
  readonly classNames: readonly string[];
  readonly train: Dataset;
  /** What the network is never trained on. */
  readonly heldOut: Dataset;
  /** Whether a folder held it, or it was drawn by lot. */
  readonly heldOutBy: "folder" | "lot";
  /** Files that were looked at. */
  readonly files: number;
  readonly skipped: readonly SkippedFile[];
  /** Classes that were taken out, in that order, each by its label at that time. */
  readonly removed: readonly number[];
}

/** Of every class a fifth is held out. */
const HELD_OUT = 0.2;

export const SIZES = [28, 32, 48, 64, 96, 128, 160, 224] as const;

/** A name for a set, and for what was trained on it. */
export function newId(): string {
  return `${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
}

/** Parts to train on and to hold out, of pictures in one part. */
export function divide(whole: Dataset): { readonly train: Dataset; readonly heldOut: Dataset } {
  // Of two pictures one is held out too.
  const share = Math.max(HELD_OUT, 1 / whole.count);
  const { training, validation } = split(whole, { validation: share, seed: SEED, stratified: true });
  return { train: training, heldOut: validation };
}

/** Images of each class of a part. */
export function countsOf({ labels }: Dataset, classes: number): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** Rows of a part that show a class. */
export function rowsOf({ labels }: Dataset, label: number): number[] {
  const rows: number[] = [];
  labels.forEach((one, row) => {
    if (one === label) rows.push(row);
  });
  return rows;
}

/** The set with another name for a class. */
export function renamed(set: PictureSet, label: number, name: string): PictureSet {
  return { ...set, classNames: set.classNames.map((old, index) => (index === label ? name : old)) };
}

/** The set without a class. */
export function withoutClass(set: PictureSet, label: number): PictureSet {
  return {
    ...set,
    id: newId(),
    removed: [...set.removed, label],
    classNames: set.classNames.filter((_, index) => index !== label),
    train: withoutLabel(set.train, label),
    heldOut: withoutLabel(set.heldOut, label),
  };
}

/** Bytes of the images of both parts. */
export function bytesOf({ train, heldOut, size, channels }: PictureSet): number {
  return (train.count + heldOut.count) * size * size * channels;
}

/** A set of what was imported or opened. */
export function setOf(
  found: ImageDataset,
  { id, store, title, size, channels }: PictureForm & Pick<PictureSet, "id" | "store" | "title">,
): PictureSet {
  const { classNames, imported } = found;
  const apart = found.validation ?? found.test;
  const parts = apart ? { train: found, heldOut: apart } : divide(found);
  return {
    ...{
      id,
      store,
      title,
      size,
      channels,
      classNames: [...classNames],
      files: imported.files,
      skipped: imported.skipped,
    },
    ...{ train: plain(parts.train), heldOut: plain(parts.heldOut), heldOutBy: apart ? "folder" : "lot", removed: [] },
  };
}

/** The data set alone, without the report of its import. */
function plain({ images, labels, shape, count, classes, names, read }: Dataset): Dataset {
  return { images, labels, shape, count, classes, ...(names ? { names } : {}), ...(read ? { read } : {}) };
}
