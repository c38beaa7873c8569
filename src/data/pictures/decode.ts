/** Decodes pictures with the browser's own decoders, in a worker or on the page. */
import { formatCount } from "../../core/format.ts";
import type { Pixels } from "../picture.ts";
import type { Decoded } from "./decoder.ts";
import { imageBytes, seenPart } from "./fit.ts";
import { type PictureHeader, readHeader } from "./header.ts";
import { openSource, type PictureSource, Skipped } from "./source.ts";
import type { PictureFormat } from "./types.ts";
import { unzip } from "./unzip.ts";

/** The most that is decoded: 256 MiB while it is. The largest photographs of phones that are common have 50 million. */
export const MOST_PIXELS = 2 ** 26;
/** From so many on only one picture is decoded at a time, first made half as large. */
export const LARGE_PIXELS = 2 ** 24;

/** The header of a picture that may be decoded. Throws `Skipped` for what is none, or too large. */
export async function checkedHeader(blob: Blob): Promise<PictureHeader> {
  const header = await readHeader(async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()));
  if (header === undefined) {
    throw new Skipped(
      "not-a-picture",
      "it begins as no picture does, whatever its name says; JPEG, PNG, WebP, GIF, BMP and AVIF are read",
    );
  }
  const { format, width, height } = header;
  if (width === 0 || height === 0) {
    throw new Skipped("corrupt", `its header is that of a ${format} file without a size; save the picture again`);
  }
  if (width * height > MOST_PIXELS) {
    throw new Skipped(
      "too-large",
      `it has ${formatCount(width)} × ${formatCount(height)} pixels, and at most ${formatCount(MOST_PIXELS)} are decoded; make it smaller`,
    );
  }
  return header;
}

/** Reading a file fails where it was deleted, changed or forbidden since it was chosen. */
export function skippedUnread(cause: unknown): Skipped {
  if (cause instanceof Skipped) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Skipped(
    "unreadable",
    `it cannot be read (${why.replace(/\.$/, "")}); is it still there, and may it be read?`,
    { cause },
  );
}

/**
 * The bytes of one image; "large" where the picture is one that is to be decoded alone, unless that is `alone`. Throws
 * `Skipped`.
 */
export async function decodePicture(
  source: PictureSource,
  format: PictureFormat,
  alone: boolean,
): Promise<Uint8Array | "large"> {
  let blob: Blob;
  let header: PictureHeader;
  try {
    blob = await openSource(source, unzip);
    header = await checkedHeader(blob);
  } catch (cause) {
    throw skippedUnread(cause);
  }
  if (header.width * header.height > LARGE_PIXELS && !alone) return "large";
  const bitmap = await decoded(blob, header);
  try {
    return imageBytes(seenPixels(bitmap, header, format), format);
  } finally {
    bitmap.close();
  }
}

/**
 * The picture as it is stored. Browsers do not agree on whether they turn it as EXIF says (Safari and Firefox began at
 * different versions); where it is to be turned, they are told that it is not, and it is turned here.
 */
async function decoded(blob: Blob, { orientation, orientationAt, format }: PictureHeader): Promise<ImageBitmap> {
  let upright = blob;
  if (orientation !== 1 && orientationAt) {
    const { at, littleEndian } = orientationAt;
    const one = littleEndian ? [1, 0] : [0, 1];
    upright = new Blob([blob.slice(0, at), Uint8Array.from(one), blob.slice(at + 2)], { type: "image/jpeg" });
  }
  try {
    return await createImageBitmap(upright);
  } catch (cause) {
    const kind = format === "AVIF" || format === "HEIC" ? ", or this browser does not read that format" : "";
    throw new Skipped("corrupt", `its ${format} data cannot be decoded${kind}; open it elsewhere and save it again`, {
      cause,
    });
  }
}

/** The seen part of a picture, turned upright; of a large one at half its size. */
function seenPixels(bitmap: ImageBitmap, { orientation }: PictureHeader, format: PictureFormat): Pixels {
  const shrink = bitmap.width * bitmap.height > LARGE_PIXELS ? 0.5 : 1;
  const [width, height] = [Math.ceil(bitmap.width * shrink), Math.ceil(bitmap.height * shrink)];
  const turned = orientation >= 5;
  const seen = seenPart(turned ? height : width, turned ? width : height, format);
  const context = new OffscreenCanvas(seen.width, seen.height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Skipped("unreadable", "this browser has no 2-D canvas to read it with");
  context.translate(-seen.left, -seen.top);
  context.transform(...uprightMatrix(orientation, width, height));
  context.imageSmoothingEnabled = shrink !== 1;
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, seen.width, seen.height);
}

type Matrix = [number, number, number, number, number, number];

/** How a picture of a size as stored is turned upright, by EXIF's orientation (CIPA DC-008, 4.6.4). */
function uprightMatrix(orientation: number, width: number, height: number): Matrix {
  switch (orientation) {
    case 2:
      return [-1, 0, 0, 1, width, 0];
    case 3:
      return [-1, 0, 0, -1, width, height];
    case 4:
      return [1, 0, 0, -1, 0, height];
    case 5:
      return [0, 1, 1, 0, 0, 0];
    case 6:
      return [0, 1, -1, 0, height, 0];
    case 7:
      return [0, -1, -1, 0, height, width];
    case 8:
      return [0, -1, 1, 0, 0, width];
    default:
      return [1, 0, 0, 1, 0, 0];
  }
}

/** The same, with what is skipped as data. */
export async function decodeOrTell(
  source: PictureSource,
  format: PictureFormat,
  alone: boolean,
): Promise<Decoded | "large"> {
  try {
    const bytes = await decodePicture(source, format, alone);
    return bytes === "large" ? bytes : { bytes };
  } catch (cause) {
    if (cause instanceof Skipped) return { reason: cause.reason, detail: cause.message };
    const why = cause instanceof Error ? cause.message : String(cause);
    return { reason: "corrupt", detail: `decoding it failed (${why.replace(/\.$/, "")})` };
  }
}
