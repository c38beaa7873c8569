/** Data sets whose pixels lie in the browser's own file system. */
import { DataSourceError, OutOfMemoryError, StorageError } from "../../../core/errors.ts";
import { formatBytes, formatCount } from "../../../core/format.ts";
import { dataSource } from "../../data_source.ts";
import type { RowReader } from "../../dataset.ts";
import type { Part } from "../tree.ts";
import type { ImageDataset } from "../types.ts";
import { type SetFolder, storageError } from "./files.ts";
import { fileName } from "./image_writer.ts";
import type { StoredIndex, StoredPart } from "./index_file.ts";

/** The folder of each data set that was made of one. */
const FOLDERS = new WeakMap<object, string>();

/** The folder that a data set is read from. */
export const folderOf = (dataset: object): string | undefined => FOLDERS.get(dataset);

/** The data sets of a set of pictures, by part: in memory where `memoryLimit` bytes hold all of them, else read when needed. */
export async function storedDatasets(
  set: SetFolder,
  index: StoredIndex,
  memoryLimit: number,
): Promise<ReadonlyMap<Part, ImageDataset>> {
  const files = new Files(set);
  const parts = Object.entries(index.parts) as [Part, StoredPart][];
  const filled = parts.filter(([, { numbers }]) => numbers.length > 0);
  const size = index.shape.reduce((product, side) => product * side, 1);
  const inMemory = filled.reduce((sum, [, { numbers }]) => sum + numbers.length * size, 0) <= memoryLimit;
  const made = new Map<Part, ImageDataset>();
  for (const [part, stored] of filled) {
    const { names, labels } = stored;
    const source = dataSource({
      ...{ count: names.length, sampleShape: index.shape, labels, classNames: index.classNames },
      read: readerOf(files, stored, index, size),
    });
    const images = inMemory ? await allImages(files, stored, index, size) : new Uint8Array();
    const { read, ...rest } = source;
    const dataset: ImageDataset = {
      ...{ ...rest, images, classNames: [...index.classNames], names: [...names], imported: index.imported },
      ...(inMemory || read === undefined ? {} : { read }),
    };
    FOLDERS.set(dataset, set.id);
    made.set(part, dataset);
  }
  return made;
}

/** The files of a set, each of which is asked for once. */
class Files {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #known = new Map<number, Promise<File>>();

  constructor({ folder }: SetFolder) {
    this.#folder = folder;
  }

  get(number: number): Promise<File> {
    let file = this.#known.get(number);
    if (file === undefined) {
      file = this.#folder.getFileHandle(fileName(number)).then((handle) => handle.getFile());
      this.#known.set(number, file);
      // A file that was not there may be there later.
      file.catch(() => this.#known.delete(number));
    }
    return file;
  }

  /** Whether a file is there now. */
  async has(number: number): Promise<boolean> {
    return this.#folder.getFileHandle(fileName(number)).then(
      () => true,
      () => false,
    );
  }
}

/** The bytes of a file from `start` on. Throws `StorageError`. */
async function bytesOf(files: Files, number: number, start = 0, end?: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await (await files.get(number)).slice(start, end).arrayBuffer());
  } catch (cause) {
    // What reading a file fails with that was deleted since it was asked for, browsers do not agree on.
    if (await files.has(number)) throw storageError(cause);
    throw new StorageError(
      "failed",
      "The kept pictures are not there any more: they were deleted, or imported anew. Open or import them again.",
      { cause },
    );
  }
}

function readerOf(files: Files, { numbers }: StoredPart, { imagesPerFile }: StoredIndex, size: number): RowReader {
  const readOne = async (row: number): Promise<Uint8Array> => {
    const number = numbers[row] ?? 0;
    const start = (number % imagesPerFile) * size;
    const bytes = await bytesOf(files, Math.floor(number / imagesPerFile), start, start + size);
    if (bytes.length !== size)
      throw new DataSourceError(`Image ${row} is cut off in its file; import the pictures again.`, [row]);
    return bytes;
  };
  return async (rows, into) => {
    await Promise.all(rows.map(async (row, place) => into.set(await readOne(row), place * size)));
  };
}

/** All images of a part, a file at a time. */
async function allImages(
  files: Files,
  { numbers }: StoredPart,
  { imagesPerFile, shape }: StoredIndex,
  size: number,
): Promise<Uint8Array> {
  const bytes = numbers.length * size;
  let images: Uint8Array;
  try {
    images = new Uint8Array(bytes);
  } catch (cause) {
    throw new OutOfMemoryError(
      `openPictures: ${formatCount(numbers.length)} images of ${shape.join("×")} want ${formatBytes(bytes)}, which this page does ` +
        "not get; give a smaller memoryLimit, so that they are read when they are needed.",
      bytes,
      { cause },
    );
  }
  const byFile = new Map<number, number[]>();
  numbers.forEach((number, row) => {
    const file = Math.floor(number / imagesPerFile);
    const rows = byFile.get(file);
    if (rows) rows.push(row);
    else byFile.set(file, [row]);
  });
  for (const [file, rows] of byFile) {
    const content = await bytesOf(files, file);
    for (const row of rows) {
      const start = ((numbers[row] ?? 0) % imagesPerFile) * size;
      if (start + size > content.length)
        throw new DataSourceError(`Image ${row} is cut off in its file; import the pictures again.`, [row]);
      images.set(content.subarray(start, start + size), row * size);
    }
  }
  return images;
}
