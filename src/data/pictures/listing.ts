/** All that a page can give in the place of a folder, as a list of files. */
import { ArgumentError } from "../../core/errors.ts";
import { tagOf } from "../../core/facts.ts";
import { insteadOf } from "../instead.ts";
import { isPicture } from "../is_picture.ts";
import { isArrayLike } from "../labels.ts";
import { refused } from "../values.ts";
import type { PictureFile } from "./source.ts";
import { readZip } from "./zip.ts";

/** A file of another source, with the place that it has in a folder. */
export interface FileAt {
  /** Folders and name, with slashes: "cats/7.jpg". */
  readonly path: string;
  /** Its bytes. */
  readonly file: Blob;
}

/**
 * What `imageFolder` reads: the files of `<input type="file" webkitdirectory>`, files with their paths, a directory handle
 * (`showDirectoryPicker()`, the browser's own file system), what was dropped (`event.dataTransfer` or its `items`), or a zip
 * archive.
 */
export type ImageFiles =
  | FileList
  | Iterable<File | FileAt>
  | FileSystemDirectoryHandle
  | DataTransfer
  | DataTransferItemList
  | Blob;

type Listing = () => Promise<PictureFile[]>;

/**
 * How the files are listed. What was dropped can be asked only while its event is told: that is done at once. Throws
 * `ArgumentError` for what holds no files.
 */
export function listingOf(files: unknown): Listing {
  const tag = tagOf(files);
  if (tag === "DataTransfer") return fromItems((files as DataTransfer).items);
  if (tag === "DataTransferItemList") return fromItems(files as DataTransferItemList);
  if (files instanceof Blob) return () => fromArchive(files);
  if (typeof files === "object" && files !== null && "kind" in files && "entries" in files) {
    return () => fromHandle(files as FileSystemDirectoryHandle);
  }
  if (typeof files === "object" && files !== null && (Symbol.iterator in files || isArrayLike(files))) {
    const list = Array.from(files as Iterable<unknown>, fileOf);
    const [only] = list;
    if (list.length === 1 && only && isArchive(only.path)) return () => fromArchive(only.file);
    return async () => list.map(({ path, file }) => ({ path, open: () => file }));
  }
  throw refused("imageFolder", files, insteadOfFiles(files));
}

const FILES =
  'give the files of an <input type="file" webkitdirectory>, a directory handle, event.dataTransfer, a zip archive, or a list ' +
  "of { path, file }";

function insteadOfFiles(files: unknown): string {
  if (tagOf(files) === "Promise") return insteadOf(files);
  if (typeof files === "string")
    return `a page cannot read a path; ${FILES} (in Node, imageFolder of "corteza/node" reads it)`;
  if (isPicture(files)) return `createClassifier().predict takes pictures; ${FILES}`;
  return FILES;
}

const isArchive = (name: string) => /\.zip$/i.test(name);

function fileOf(one: unknown, index: number): FileAt {
  if (one instanceof File) return { path: one.webkitRelativePath || one.name, file: one };
  if (typeof one === "object" && one !== null && "path" in one && "file" in one) {
    const { path, file } = one;
    if (typeof path === "string" && file instanceof Blob) return { path, file };
  }
  throw refused(`imageFolder: entry ${index}`, one, 'give a File, or { path: "cats/7.jpg", file }');
}

const fromArchive = (archive: Blob) => readZip(archive, archive instanceof File ? archive.name : "archive");

const isFolder = ({ kind }: FileSystemHandle) => kind === "directory";

async function fromHandle(handle: FileSystemDirectoryHandle): Promise<PictureFile[]> {
  if (!isFolder(handle)) {
    throw new ArgumentError("imageFolder: got the handle of a file; give a directory's, or await handle.getFile().");
  }
  const found: PictureFile[] = [];
  const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
    for await (const [name, entry] of folder.entries()) {
      if (isFolder(entry)) await walk(entry as FileSystemDirectoryHandle, `${path}${name}/`);
      else found.push({ path: `${path}${name}`, open: () => (entry as FileSystemFileHandle).getFile() });
    }
  };
  await walk(handle, "");
  return found;
}

function fromItems(items: DataTransferItemList): Listing {
  const entries = [...items].flatMap((item) => (item.kind === "file" ? (item.webkitGetAsEntry() ?? []) : []));
  const only = entries.length === 1 ? entries[0] : undefined;
  return async () => {
    if (only && isFile(only) && isArchive(only.name)) return fromArchive(await fileOfEntry(only));
    const found: PictureFile[] = [];
    for (const entry of entries) await walkEntry(entry, "", found);
    return found;
  };
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

function fileOfEntry(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function walkEntry(entry: FileSystemEntry, path: string, found: PictureFile[]): Promise<void> {
  if (isFile(entry)) {
    found.push({ path: `${path}${entry.name}`, open: () => fileOfEntry(entry) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A hundred at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walkEntry(one, `${path}${entry.name}/`, found);
  }
}
