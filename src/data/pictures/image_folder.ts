import { ArgumentError, StorageError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { onDemand } from "../../core/on_demand.ts";
import { describeValue } from "../../core/options.ts";
import { type ImageFiles, listingOf } from "./listing.ts";
import { type MakeWorker, WorkerPool, workerOfPackage } from "./pool.ts";
import { importPictures } from "./run.ts";
import { memorySink, type Planned, plannedBytes, type Sink } from "./sink.ts";
import { checkMemoryLimit, checkName, MEMORY_LIMIT } from "./store_options.ts";
import { checkFormat, type ImageDataset, type ImageFolderOptions } from "./types.ts";

/** Options of `imageFolder` in a page. */
export interface PageImageFolderOptions extends ImageFolderOptions {
  /**
   * Makes a worker that decodes, as many times as the device has cores; false: the page decodes itself, a picture after the
   * other. Default: `data/pictures/host.js` of the package. Where that is not there, as in most bundled pages, the page
   * decodes; a bundler takes a worker along by
   * `() => new Worker(new URL("./my_worker.js", import.meta.url), { type: "module" })`, whose file imports
   * "corteza/pictures-host".
   */
  worker?: MakeWorker | false;
  /**
   * Where the decoded images are held: "memory"; "opfs", the browser's own file system, from which training reads them when it
   * needs them, without decoding anything again; "auto" (default): in memory up to `memoryLimit`, else there.
   */
  store?: "auto" | "memory" | "opfs";
  /** Bytes of images, all parts together, that "auto" holds in memory. Default 256 MiB, which are 20,000 pictures of 64×64×3. */
  memoryLimit?: number;
  /**
   * Keeps the images in the browser's own file system under this name, whatever their size, in the place of what the name had:
   * `openPictures(name)` opens them again after a reload. Without a name what is stored there goes when the page has gone.
   */
  name?: string;
  /**
   * Goes on with an import of this `name` that its page did not end, for instance because it was closed: files that it has
   * read are not decoded again, as far as `size`, `channels`, `fit` and `background` are the same, and a file has as many bytes
   * and was changed at the same time as then. The result is that of an import that nobody cut off. Where there is nothing to go on with, or
   * another page uses it, the import begins from the start. One that goes on and is aborted leaves what it went on with. Default false.
   */
  resume?: boolean;
}

/**
 * A data set of pictures in folders, a folder a class: what `<input type="file" webkitdirectory>` chose, a directory handle,
 * what was dropped, or a zip archive.
 *
 *     const pets = await imageFolder(input.files, { size: [64, 64] });
 *     console.log(pets.classNames, pets.imported.skipped);
 *     await trainer.fit(pets, { epochs: 10 });
 *
 * Folders around all pictures are left away; the outermost that remains is a file's class. `train/`, `validation/` and
 * `test/` with such folders in them are parts: the result is the first, `result.validation` and `result.test` are the others.
 * Class names are sorted, numbers by their value; images are in the order of their classes and files.
 *
 * JPEG, PNG, WebP, GIF (its first frame), BMP, and AVIF where the browser has it, told by what a file holds, not by its name;
 * turned as EXIF says. Pictures become bytes of `size`, by the mean of what each pixel covers where they are made smaller. At
 * one time no more than a few are decoded. For predictions on pictures of their own size, `createClassifier` does the same
 * arithmetic, but say `invert: false` there with one channel.
 *
 * Files that are empty, unreadable, corrupt, larger than 256 MiB or 67 million pixels, or no pictures are skipped, and named in
 * `imported.skipped`. Throws `ImageFolderError`, an `ArgumentError` whose
 * `reason` tells which, where no folder, one class alone or no picture is left; `ArgumentError` for options that are
 * wrong; `FormatError` for a zip archive that is damaged, encrypted, zip64, or made to do harm; `OutOfMemoryError` where the
 * images do not fit into memory; `StorageError` where the browser's file system, in which they are to be stored, is not there or
 * has no room at all; and the signal's reason when it aborts. Where that runs full in the middle, what was read until then is the
 * result, a share of every class, and `imported.stopped` says so.
 */
export async function imageFolder(files: ImageFiles, options: PageImageFolderOptions): Promise<ImageDataset> {
  const format = checkFormat(options, {
    ...{ worker: "any", store: "string", memoryLimit: "number", name: "string", resume: "boolean" },
  });
  const { worker = workerOfPackage } = options;
  if (worker !== false && typeof worker !== "function") {
    throw new ArgumentError(
      `imageFolder: worker must be a function that makes one, () => new Worker(…), or false, got ${describeValue(worker)}.`,
    );
  }
  const makeWorker = worker === false || typeof Worker === "undefined" ? undefined : worker;
  const sink = sinkOf(options, makeWorker);
  // Before anything is awaited: what was dropped can only be asked now.
  const list = listingOf(files);
  const decoder = new WorkerPool(format, makeWorker);
  return importPictures({ format, options, list, decoder, sink });
}

/** Where the images go. Throws `ArgumentError` for options that are wrong. */
function sinkOf(options: PageImageFolderOptions, worker: MakeWorker | undefined): (planned: Planned) => Promise<Sink> {
  const { store = "auto", memoryLimit = MEMORY_LIMIT, name, resume = false } = options;
  if (store !== "auto" && store !== "memory" && store !== "opfs") {
    throw new ArgumentError(`imageFolder: store must be "auto", "memory" or "opfs", got ${describeValue(store)}.`);
  }
  checkMemoryLimit("imageFolder", memoryLimit);
  if (name !== undefined) checkName("imageFolder", name);
  if (name !== undefined && store === "memory") {
    throw new ArgumentError('imageFolder: with a name images are kept; leave store: "memory" out, or the name.');
  }
  if (resume && name === undefined) {
    throw new ArgumentError(
      "imageFolder: resume wants the name under which the import was begun: give name, or leave resume out.",
    );
  }
  return async (planned) => {
    const fits = plannedBytes(planned) <= memoryLimit;
    if (name === undefined && (store === "memory" || (store === "auto" && fits))) return memorySink(planned);
    const { opfsSink } = await onDemand("store of pictures", () => import("./opfs/opfs_sink.ts"));
    try {
      return await opfsSink(planned, { name, resume, memoryLimit: store === "opfs" ? 0 : memoryLimit, worker });
    } catch (cause) {
      if (!(cause instanceof StorageError && cause.reason === "unavailable")) throw cause;
      const instead =
        name === undefined
          ? `the images want ${formatBytes(plannedBytes(planned))} of memory, and memoryLimit is ${formatBytes(memoryLimit)}: say store: ` +
            '"memory" to hold them all the same, choose a smaller size, or give fewer pictures'
          : "without a name up to memoryLimit bytes are held in memory";
      throw new StorageError(
        "unavailable",
        `imageFolder: the images cannot be stored here; ${instead}. ${cause.message}`,
        {
          cause,
        },
      );
    }
  };
}
