/** Pictures in folders of a disk, for "corteza/node". */
import { openAsBlob } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, ModuleLoadError } from "./core/errors.ts";
import { describeValue } from "./core/options.ts";
import { checkedHeader, LARGE_PIXELS, MOST_PIXELS, skippedUnread } from "./data/pictures/decode.ts";
import type { Decoded, Decoder } from "./data/pictures/decoder.ts";
import { imageBytes, seenPart } from "./data/pictures/fit.ts";
import type { PictureHeader } from "./data/pictures/header.ts";
import { importPictures } from "./data/pictures/run.ts";
import { openSource, type PictureFile, type PictureSource, Skipped } from "./data/pictures/source.ts";
import { checkFormat, type ImageDataset, type ImageFolderOptions, type PictureFormat } from "./data/pictures/types.ts";
import { unzip } from "./data/pictures/unzip.ts";
import { readZip } from "./data/pictures/zip.ts";

/**
 * A data set of the pictures in a folder of this machine, a folder a class, or in a zip archive: what `imageFolder` of
 * "corteza" makes in a page, with the same options, and the same bytes but for what decoders round differently.
 *
 *     import { imageFolder } from "corteza/node";
 *     const pets = await imageFolder("pets/train", { size: [64, 64] });
 *     const unseen = await imageFolder("pets/validation", { size: [64, 64], classNames: pets.classNames });
 *
 * Pictures are decoded by the npm package `sharp`, which the project must have (`npm install sharp`): JPEG, PNG, WebP, GIF
 * (its first frame) and AVIF; no BMP. Links to files and folders are followed.
 *
 * Throws as `imageFolder` of "corteza" does, `ArgumentError` also where there is no such folder, and `ModuleLoadError` where
 * `sharp` is missing.
 */
export async function imageFolder(path: string | URL, options: ImageFolderOptions): Promise<ImageDataset> {
  const format = checkFormat(options, {});
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new ArgumentError(
      `imageFolder: wants the path of a folder, or of a zip archive, got ${describeValue(path)}; imageFolder of "corteza" takes files.`,
    );
  }
  const place = typeof path === "string" ? path : fileURLToPath(path);
  const decoder = await openDecoder("imageFolder", format);
  return importPictures({ format, options, decoder, list: () => listFiles(place) });
}

type Sharp = typeof import("sharp").default;

/** What decodes pictures in Node. Throws `ModuleLoadError`, which begins with `where`, where `sharp` is missing. */
export async function openDecoder(where: string, format: PictureFormat): Promise<Decoder> {
  return new SharpDecoder(format, await loadSharp(where));
}

async function loadSharp(where: string): Promise<Sharp> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    throw new ModuleLoadError(
      `${where}: decoding pictures in Node wants the npm package sharp, which cannot be loaded (${String(cause)}); ` +
        "npm install sharp",
      { cause },
    );
  }
}

async function listFiles(path: string): Promise<PictureFile[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ArgumentError(
      `imageFolder: there is no folder ${describeValue(path)} that can be read (${cause instanceof Error ? cause.message : String(cause)}).`,
      { cause },
    );
  });
  if (found.isFile()) return readZip(await openAsBlob(path), basename(path));
  const files: PictureFile[] = [];
  await walk(path, "", new Set(), files);
  return files;
}

/** `above`: the real paths of the folders above; a link to one of them would lead round in a circle. */
async function walk(folder: string, path: string, above: ReadonlySet<string>, files: PictureFile[]): Promise<void> {
  const real = await realpath(folder);
  if (above.has(real)) return;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const place = join(folder, entry.name);
    // A link that leads nowhere is listed, and skipped where it is opened.
    const told = entry.isSymbolicLink() ? await stat(place).catch(() => entry) : entry;
    if (told.isDirectory()) await walk(place, `${path}${entry.name}/`, new Set([...above, real]), files);
    else if (told.isFile() || told.isSymbolicLink()) {
      files.push({ path: `${path}${entry.name}`, open: () => openAsBlob(place) });
    }
  }
}

class SharpDecoder implements Decoder {
  readonly width = Math.min(8, 2 * availableParallelism());
  readonly #format: PictureFormat;
  readonly #sharp: Sharp;
  /** The end of the large picture that is being decoded: there is one at a time. */
  #large: Promise<unknown> = Promise.resolve();

  constructor(format: PictureFormat, sharp: Sharp) {
    this.#format = format;
    this.#sharp = sharp;
  }

  async decode(source: PictureSource): Promise<Decoded> {
    try {
      const blob = await openSource(source, unzip);
      const header = await checkedHeader(blob);
      const bytes = new Uint8Array(await blob.arrayBuffer());
      if (header.width * header.height <= LARGE_PIXELS) return { bytes: await this.#decoded(bytes, header) };
      const turn = this.#large.then(() => this.#decoded(bytes, header));
      this.#large = turn.catch(() => undefined);
      return { bytes: await turn };
    } catch (cause) {
      const { reason, message } = skippedUnread(cause);
      return { reason, detail: message };
    }
  }

  async #decoded(bytes: Uint8Array, header: PictureHeader): Promise<Uint8Array> {
    try {
      let picture = this.#sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error" }).autoOrient();
      if (header.width * header.height > LARGE_PIXELS) {
        const [longer, shorter] = [Math.max(header.width, header.height), Math.min(header.width, header.height)];
        const [long, short] = [Math.ceil(longer / 2), Math.ceil(shorter / 2)];
        const { autoOrient } = await this.#sharp(bytes).metadata();
        const [width, height] = autoOrient.width >= autoOrient.height ? [long, short] : [short, long];
        picture = picture.resize({ width, height, fit: "fill", kernel: "linear" });
      }
      const { data, info } = await picture
        .toColourspace("srgb")
        .ensureAlpha()
        .raw({ depth: "uchar" })
        .toBuffer({ resolveWithObject: true });
      const { left, top, width, height } = seenPart(info.width, info.height, this.#format);
      const seen = new Uint8Array(4 * width * height);
      for (let row = 0; row < height; row++) {
        const start = 4 * ((top + row) * info.width + left);
        seen.set(data.subarray(start, start + 4 * width), 4 * width * row);
      }
      return imageBytes({ width, height, data: seen }, this.#format);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.replace(/[.\s]+$/, "") : String(cause);
      throw new Skipped(
        "corrupt",
        `its ${header.format} data cannot be decoded (${why}); open it elsewhere and save it again`,
        { cause },
      );
    }
  }

  close(): void {}
}
