/** Where the images of an import go while it runs, and what becomes a data set of them. */
import { OutOfMemoryError } from "../../core/errors.ts";
import { formatBytes, formatCount } from "../../core/format.ts";
import { type Dataset, dataset } from "../dataset.ts";
import type { PictureFile, PictureSource } from "./source.ts";
import type { Member, Part } from "./tree.ts";
import type { ImageDataset, ImportReport, PictureFormat } from "./types.ts";

/** The files of one part of the tree, in the order in which their images are to stand. */
export interface Table {
  readonly part: Part;
  readonly members: readonly Member<PictureFile>[];
}

/** What is known of an import before its first file. */
export interface Planned {
  readonly format: PictureFormat;
  readonly classNames: readonly string[];
  readonly tables: readonly Table[];
}

/** Takes the images of an import. */
export interface Sink {
  /** One image, of a row of a table, and what it was made of. Whoever calls waits for it before the next one. */
  put(table: Table, row: number, image: Uint8Array, source?: PictureSource): void | Promise<void>;
  /** Whether it has the image of this row, made of the same file by an import that it goes on with: then none is put. */
  has?(table: Table, row: number, source: PictureSource): boolean;
  /**
   * Whether an error of `put` is one after which what was taken is kept, for instance a full disk: why the import ended, as a
   * sentence. Undefined for all others.
   */
  stoppedBy?(error: unknown): string | undefined;
  /** The data sets of what was taken, by part; a part without an image is left out. */
  finish(report: ImportReport): Promise<ReadonlyMap<Part, ImageDataset>>;
  /** Nothing of it is kept. */
  discard?(): Promise<void>;
}

/** Bytes of all images of an import, skipped ones too. */
export function plannedBytes({ format: { height, width, channels }, tables }: Planned): number {
  return tables.reduce((sum, { members }) => sum + members.length, 0) * height * width * channels;
}

interface Held {
  readonly images: Uint8Array;
  readonly read: Uint8Array;
}

/** Keeps images in memory. Throws `OutOfMemoryError` where they find no place. */
export function memorySink(planned: Planned): Sink {
  const { format } = planned;
  const size = format.height * format.width * format.channels;
  const held = new Map(planned.tables.map((table) => [table.part, roomFor(table, format)]));
  return {
    put({ part }, row, image) {
      const room = held.get(part);
      room?.images.set(image, row * size);
      if (room) room.read[row] = 1;
    },
    async finish(report) {
      const made = new Map<Part, ImageDataset>();
      for (const table of planned.tables) {
        const room = held.get(table.part);
        if (room?.read.includes(1)) made.set(table.part, datasetOf(table, room, planned, report));
      }
      return made;
    },
  };
}

function roomFor({ members }: Table, { height, width, channels }: PictureFormat): Held {
  const bytes = members.length * height * width * channels;
  try {
    return { images: new Uint8Array(bytes), read: new Uint8Array(members.length) };
  } catch (cause) {
    throw new OutOfMemoryError(
      `imageFolder: ${formatCount(members.length)} images of ${height}×${width}×${channels} want ${formatBytes(bytes)}, which ` +
        "this page does not get; give a smaller size, or fewer pictures.",
      bytes,
      { cause },
    );
  }
}

/** Of the images that were read: what was skipped leaves no gap. */
function datasetOf(
  { members }: Table,
  { images, read }: Held,
  { format: { height, width, channels }, classNames }: Planned,
  imported: ImportReport,
): ImageDataset {
  const bytes = height * width * channels;
  const kept = members.filter((_, row) => read[row] === 1);
  let count = 0;
  members.forEach((_, row) => {
    if (read[row] !== 1) return;
    if (count !== row) images.copyWithin(count * bytes, row * bytes, (row + 1) * bytes);
    count++;
  });
  const plain: Dataset = dataset({
    images: images.subarray(0, count * bytes),
    shape: [height, width, channels],
    labels: kept.map(({ label }) => label),
    classes: classNames.length,
  });
  return {
    ...plain,
    images: images.subarray(0, count * bytes),
    classNames: [...classNames],
    names: kept.map(({ file }) => file.path),
    imported,
  };
}
