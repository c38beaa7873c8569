/** Pictures of the visitor's in classes, as they are trained on: one set at a time. */

import type { Dataset } from "../../src/data/dataset.ts";
import { subset } from "../../src/data/dataset.ts";
import type { SkippedFile } from "../../src/data/pictures/types.ts";
import { split } from "../../src/data/split.ts";
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

/** The set without a class; another set, on which nothing was trained yet. */
export function withoutClass(set: PictureSet, label: number): PictureSet {
  const part = (whole: Dataset): Dataset => {
    const rows = Array.from(whole.labels.keys()).filter((row) => whole.labels[row] !== label);
    const parts = rows.map((row) => subset(whole, row, 1));
    const images = new Uint8Array(parts.reduce((sum, one) => sum + one.images.length, 0));
    let at = 0;
    for (const one of parts) {
      images.set(one.images, at);
      at += one.images.length;
    }
    const { names } = whole;
    return {
      ...{ images, shape: whole.shape, count: rows.length, classes: whole.classes - 1 },
      labels: Int32Array.from(rows, (row) => {
        const old = whole.labels[row] ?? 0;
        return old > label ? old - 1 : old;
      }),
      ...(names ? { names: rows.map((row) => names[row] ?? "") } : {}),
    };
  };
  return {
    ...set,
    id: newId(),
    classNames: set.classNames.filter((_, index) => index !== label),
    train: part(set.train),
    heldOut: part(set.heldOut),
  };
}

/** Bytes of the images of both parts. */
export function bytesOf({ train, heldOut, size, channels }: PictureSet): number {
  return (train.count + heldOut.count) * size * size * channels;
}
