/** Where pictures come from: chosen or dropped files, as something that can be read again at another size. */
import { decodeOrTell } from "../../src/data/pictures/decode.ts";
import { readHeader } from "../../src/data/pictures/header.ts";
import { type FileAt, type ImageFiles, listingOf } from "../../src/data/pictures/listing.ts";
import { openSource, type PictureFile } from "../../src/data/pictures/source.ts";
import { isLeftBehind } from "../../src/data/pictures/tree.ts";
import { unzip } from "../../src/data/pictures/unzip.ts";
import { type PictureForm, SIZES } from "./picture_set.ts";

/** Files in folders, or an archive of them. */
export interface Source {
  readonly title: string;
  readonly files: readonly FileAt[] | Blob;
  /** Files that may be pictures. */
  readonly count: number;
  readonly listed: readonly PictureFile[];
}

/** Pictures that are looked at before the import. */
const LOOKED_AT = 24;
/** The side that the networks here learn at in minutes. */
const USUAL_SIZE = 64;
const USUAL_SIZE_ON_CPU = 32;
const LOOKED_FORM = { height: 32, width: 32, channels: 3, fit: "cover", background: "auto" } as const;
/** How far red, green and blue may lie apart in a grey picture: what JPEG makes of grey. */
const GREY_SPREAD = 6;

/**
 * Lists what was chosen or dropped, with what was chosen `before` it. What was dropped is to be asked at once, in its event.
 * Throws `FormatError` for a damaged archive.
 */
export async function listSource(given: ImageFiles, before?: Source): Promise<Source> {
  const listing = listingOf(given)();
  const listed = (await listing).filter(({ path }) => !isLeftBehind(path));
  const first = listed[0] && (await listed[0].open());
  if (first !== undefined && !(first instanceof Blob)) {
    const { archive } = first;
    const title = archive instanceof File ? archive.name.replace(/\.zip$/i, "") : "zip";
    return { title, files: archive, count: listed.length, listed };
  }
  const files: FileAt[] = before && !(before.files instanceof Blob) ? [...before.files] : [];
  for (const one of listed) {
    const file = await one.open();
    if (file instanceof Blob) files.push({ path: one.path, file });
  }
  const all = files.map(({ path, file }): PictureFile => ({ path, open: () => file }));
  return { title: titleOf(files), files, count: files.length, listed: all };
}

/** The folder that everything lies in; where there are several, all of them. */
function titleOf(files: readonly FileAt[]): string {
  const names = new Set(files.map(({ path }) => path.split("/").slice(0, -1)[0] ?? ""));
  names.delete("");
  return [...names].slice(0, 3).join(", ");
}

/** The size and colours that some of the pictures suggest. */
export async function suggestForm({ listed }: Source, onCpu: boolean): Promise<PictureForm> {
  const step = Math.max(1, listed.length / LOOKED_AT);
  const some = Array.from(
    { length: Math.min(LOOKED_AT, listed.length) },
    (_, place) => listed[Math.floor(place * step)],
  );
  const sides: number[] = [];
  let coloured = 0;
  for (const file of some) {
    try {
      const { blob, header } = (file && (await headOf(file))) ?? {};
      if (blob === undefined || header === undefined) continue;
      sides.push(Math.min(header.width, header.height));
      const decoded = await decodeOrTell(blob, LOOKED_FORM, true);
      if (decoded !== "large" && "bytes" in decoded && isColoured(decoded.bytes)) coloured++;
    } catch {
      // The import names it.
    }
  }
  const median = sides.sort((a, b) => a - b)[Math.floor(sides.length / 2)] ?? USUAL_SIZE;
  const most = Math.min(median, onCpu ? USUAL_SIZE_ON_CPU : USUAL_SIZE);
  const size = SIZES.findLast((one) => one <= most) ?? SIZES[0];
  return { size, channels: sides.length > 0 && coloured === 0 ? 1 : 3 };
}

async function headOf(file: PictureFile) {
  const blob = await openSource(await file.open(), unzip);
  const header = await readHeader(async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()));
  return { blob, header };
}

/** Whether one of the first files begins as pictures do. */
export async function hasPictures({ listed }: Source): Promise<boolean> {
  for (const file of listed.slice(0, LOOKED_AT)) {
    const found = await headOf(file).catch(() => undefined);
    if (found?.header !== undefined) return true;
  }
  return false;
}

/** Whether some pixels have a colour. */
function isColoured(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = bytes.subarray(at, at + 3);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > GREY_SPREAD) return true;
  }
  return false;
}
