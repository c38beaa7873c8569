/** Imports that their page did not end, and what the next one of the same files takes over from them. */
import type { PictureSource } from "../source.ts";
import type { PictureFormat } from "../types.ts";
import { foldersInUse, holdFolder, isHeld, type SetFolder } from "./files.ts";
import { indexNumbers } from "./index_file.ts";
import { allSets } from "./sets.ts";

/** Tells a file from another one of the same path: by its bytes, and by its checksum in an archive or else its time, where known. */
export function stampOf(source: PictureSource | undefined): string {
  if (source === undefined) return "";
  if (!(source instanceof Blob)) return `${source.bytes} ${source.crc}`;
  return source instanceof File ? `${source.size} ${source.lastModified}` : `${source.size}`;
}

interface StoredImage {
  readonly number: number;
  readonly stamp: string;
}

/** An import that did not end. */
export interface Unfinished {
  readonly set: SetFolder;
  /** Its images, by the paths of their files. */
  readonly images: ReadonlyMap<string, StoredImage>;
  /** One more than the largest number of an image. */
  readonly end: number;
  /** The number of its newest index. */
  readonly index: number;
}

/** Sets that this page writes now. */
export const BEING_WRITTEN = new Set<string>();

/**
 * The newest import of this name and format that did not end and that no page uses but this one, which then holds and writes it.
 */
export async function unfinishedImport(name: string, format: PictureFormat): Promise<Unfinished | undefined> {
  const used = await foldersInUse();
  const wanted = JSON.stringify(format);
  const found = (await allSets()).find(({ set, index }) => {
    if (index.complete || index.name !== name || JSON.stringify(index.format) !== wanted) return false;
    return isHeld(set.id) ? !BEING_WRITTEN.has(set.id) : !used.has(set.id);
  });
  if (found === undefined) return undefined;
  const { set, index } = found;
  BEING_WRITTEN.add(set.id);
  await holdFolder(set.id);
  const images = new Map<string, StoredImage>();
  const twice = new Set<string>();
  let end = 0;
  for (const { names, numbers, stamps } of Object.values(index.parts)) {
    names.forEach((path, row) => {
      const number = numbers[row] ?? 0;
      end = Math.max(end, number + 1);
      if (images.has(path)) twice.add(path);
      images.set(path, { number, stamp: stamps?.[row] ?? "" });
    });
  }
  // Which of them is which, nobody knows.
  for (const path of twice) images.delete(path);
  return { set, images, end, index: (await indexNumbers(set))[0] ?? 0 };
}
