import { ArgumentError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { type ImageFiles, listingOf } from "./listing.ts";
import { type MakeWorker, WorkerPool, workerOfPackage } from "./pool.ts";
import { importPictures } from "./run.ts";
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
 * `imported.skipped`. Throws `ArgumentError` where no folder, one class alone or no picture is left, and for options that are
 * wrong; `FormatError` for a zip archive that is damaged, encrypted, zip64, or made to do harm; `OutOfMemoryError` where the
 * images do not fit into memory; and the signal's reason when it aborts.
 */
export async function imageFolder(files: ImageFiles, options: PageImageFolderOptions): Promise<ImageDataset> {
  const format = checkFormat(options, { worker: "any" });
  const { worker = workerOfPackage } = options;
  if (worker !== false && typeof worker !== "function") {
    throw new ArgumentError(
      `imageFolder: worker must be a function that makes one, () => new Worker(…), or false, got ${describeValue(worker)}.`,
    );
  }
  // Before anything is awaited: what was dropped can only be asked now.
  const list = listingOf(files);
  const makeWorker = worker === false || typeof Worker === "undefined" ? undefined : worker;
  const decoder = new WorkerPool(format, makeWorker);
  return importPictures({ format, options, list, decoder });
}
