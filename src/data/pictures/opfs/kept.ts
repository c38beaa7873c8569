/** Opens, lists, keeps and deletes sets of pictures of the browser's own file system. */
import { ArgumentError } from "../../../core/errors.ts";
import { nearestName } from "../../../core/hints.ts";
import { checkOptions, describeValue } from "../../../core/options.ts";
import { formatShape } from "../../../core/shape.ts";
import { readRows } from "../../data_source.ts";
import type { Dataset } from "../../dataset.ts";
import { type MakeWorker, workerOfPackage } from "../pool.ts";
import { withParts } from "../run.ts";
import type { Planned, Sink, Table } from "../sink.ts";
import { checkMemoryLimit, checkName, MEMORY_LIMIT } from "../store_options.ts";
import type { Part } from "../tree.ts";
import type { ImageDataset, ImportReport } from "../types.ts";
import { deleteFolder, holdFolder } from "./files.ts";
import { opfsSink } from "./opfs_sink.ts";
import { allSets, namedSets } from "./sets.ts";
import { folderOf, storedDatasets } from "./stored_datasets.ts";

/** Options of `openPictures`. */
export interface OpenPicturesOptions {
  /** Up to so many bytes, all parts together, are read into memory; larger sets are read as training needs them. Default 256 MiB. */
  memoryLimit?: number;
}

/** A set of pictures that is kept in the browser's own file system. */
export interface KeptPictures {
  /** What it is opened by. */
  readonly name: string;
  /** Images, of all parts. */
  readonly images: number;
  /** The name of each class. */
  readonly classNames: readonly string[];
  /** One image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Bytes of all images. */
  readonly bytes: number;
  /** False for an import that was not ended: its page was closed, or still runs. */
  readonly complete: boolean;
  /** When it was imported. */
  readonly created: Date;
}

/**
 * Opens pictures that `imageFolder(files, { name })` or `keepPictures` has kept, also after the page was left: the same data
 * sets, without decoding anything. Of an import whose page was closed in the middle it opens what was read, and
 * `imported.stopped` says so: `imageFolder` with `resume: true` goes on with it.
 *
 *     const pets = await openPictures("pets");
 *     await trainer.fit(pets, { epochs: 10, validationData: pets.validation });
 *
 * Throws `ArgumentError` where nothing is kept under that name, and `StorageError` where the browser has no file system.
 */
export async function openPictures(name: string, options: OpenPicturesOptions = {}): Promise<ImageDataset> {
  checkOptions("openPictures", options, { memoryLimit: "number" });
  const { memoryLimit = MEMORY_LIMIT } = options;
  checkMemoryLimit("openPictures", memoryLimit);
  const sets = await namedSets();
  const found = sets.get(name);
  if (found === undefined) throw notKept("openPictures", name, [...sets.keys()]);
  const { set, index } = found;
  await holdFolder(set.id);
  return withParts(await storedDatasets(set, index, memoryLimit));
}

function notKept(where: string, name: unknown, names: readonly string[]): ArgumentError {
  const nearest = typeof name === "string" ? nearestName(name, names) : undefined;
  const meant = nearest === undefined ? "" : ` (did you mean ${describeValue(nearest)}?)`;
  return new ArgumentError(
    `${where}: no pictures are kept here under the name ${describeValue(name)}${meant}; imageFolder(files, { name }) and ` +
      "keepPictures keep them, listPictures lists them.",
  );
}

/** The sets of pictures that are kept here, the newest first. Throws `StorageError` where the browser has no file system. */
export async function listPictures(): Promise<KeptPictures[]> {
  const sets = [...(await namedSets()).values()].map(({ index }): KeptPictures => {
    const { name, classNames, shape, complete, created, parts } = index;
    const images = Object.values(parts).reduce((sum, { names }) => sum + names.length, 0);
    const bytes = images * shape.reduce((product, side) => product * side, 1);
    return { name, images, classNames, shape, bytes, complete, created: new Date(created) };
  });
  return sets.sort((a, b) => b.created.getTime() - a.created.getTime());
}

/**
 * Deletes kept pictures, by their name; or what a data set of `imageFolder` or `openPictures` has in the browser's file system.
 * Data sets that are read from there can be read no more. Resolves with whether there was something to delete.
 */
export async function deletePictures(pictures: string | ImageDataset): Promise<boolean> {
  if (typeof pictures === "string") {
    const found = (await allSets()).filter(({ index }) => index.name === pictures);
    for (const { set } of found) await deleteFolder(set.id);
    return found.length > 0;
  }
  const id = typeof pictures === "object" && pictures !== null ? folderOf(pictures) : undefined;
  if (id !== undefined) await deleteFolder(id);
  return id !== undefined;
}

/** Options of `keepPictures`. */
export interface KeepPicturesOptions {
  /** Makes a worker, as `imageFolder` has it: older Safari writes in one. */
  worker?: MakeWorker | false;
}

/** Images that are read at once while they are kept. */
const ROWS_AT_ONCE = 64;

/**
 * Keeps a data set of pictures under a name, with its parts `validation` and `test`, in the place of what the name had: one that
 * a camera recorded, or whose labels were corrected. `openPictures` opens it again.
 *
 * Throws `ArgumentError` for what are no pictures of bytes with labels, and `StorageError` where there is no room: nothing is
 * kept of it then, and what the name had stays.
 */
export async function keepPictures(
  pictures: Dataset & { readonly validation?: Dataset; readonly test?: Dataset },
  name: string,
  options: KeepPicturesOptions = {},
): Promise<void> {
  checkOptions("keepPictures", options, { worker: "any" });
  checkName("keepPictures", name);
  const { worker = workerOfPackage } = options;
  const shape = checkedShape(pictures);
  const parts: [Part, Dataset][] = [["train", pictures]];
  for (const part of ["validation", "test"] as const) {
    const other = pictures[part];
    if (other) parts.push([part, other]);
  }
  const [height, width, channels] = shape;
  const classNames = pictures.classNames ?? Array.from({ length: pictures.classes }, (_, label) => String(label));
  const tables = parts.map(([part, dataset]): [Table, Dataset] => [tableOf(part, dataset, classNames), dataset]);
  const planned: Planned = {
    format: { height, width, channels: channels as 1 | 3, fit: "cover", background: "auto" },
    ...{ classNames, tables: tables.map(([table]) => table) },
  };
  const store = { name, memoryLimit: 0, worker: worker === false ? undefined : worker, whole: true };
  const sink = await opfsSink(planned, store);
  try {
    for (const [table, dataset] of tables) await putAll(sink, table, dataset, height * width * channels);
    const images = parts.reduce((sum, [, { count }]) => sum + count, 0);
    const { imported } = pictures as { imported?: ImportReport };
    await sink.finish(imported ?? { files: images, images, skipped: [], seconds: 0 });
  } catch (error) {
    await sink.discard?.();
    throw error;
  }
}

/** All images of a data set into a table. */
async function putAll(sink: Sink, table: Table, dataset: Dataset, size: number): Promise<void> {
  for (let first = 0; first < dataset.count; first += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, dataset.count - first) }, (_, place) => first + place);
    const { images } = await readRows(dataset, rows);
    if (!(images instanceof Uint8Array)) throw notPictures("its images are floats");
    for (const [place, row] of rows.entries()) {
      await sink.put(table, row, images.subarray(place * size, (place + 1) * size));
    }
  }
}

function notPictures(what: string): ArgumentError {
  return new ArgumentError(
    `keepPictures: wants a data set of pictures, bytes [height, width, channels] with class labels, but ${what}.`,
  );
}

function checkedShape(dataset: Dataset): [number, number, number] {
  const given: unknown = dataset;
  if (typeof given !== "object" || given === null || !("labels" in given))
    throw notPictures(`got ${describeValue(given)}`);
  const { shape, labels, more } = dataset;
  const [height, width, channels] = shape;
  if (shape.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw notPictures(`an image is ${formatShape(shape)}`);
  }
  if (labels.length === 0 || more) throw notPictures("it has targets, or several inputs");
  return [height, width, channels];
}

/** A data set's labels and names as an import has them. */
function tableOf(part: Part, { labels, names }: Dataset, classNames: readonly string[]): Table {
  const members = Array.from(labels, (label, row) => ({
    ...{ label, file: { path: names?.[row] ?? `${classNames[label] ?? label}/${row + 1}`, open: () => new Blob() } },
  }));
  return { part, members };
}
