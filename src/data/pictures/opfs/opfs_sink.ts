/** Writes the images of an import into the browser's own file system. */
import { StorageError } from "../../../core/errors.ts";
import { formatCount } from "../../../core/format.ts";
import type { MakeWorker } from "../pool.ts";
import type { Planned, Sink, Table } from "../sink.ts";
import type { Part } from "../tree.ts";
import type { ImageDataset, ImportReport } from "../types.ts";
import { deleteFolder, type FileWriter, newFolder, openWriter, type SetFolder } from "./files.ts";
import { ImageWriter, imagesOfFile } from "./image_writer.ts";
import { IndexWriter, type StoredIndex, type StoredPart } from "./index_file.ts";
import { removeLeftBehind, removeOthers } from "./sets.ts";
import { storedDatasets } from "./stored_datasets.ts";

/** How often an import that has a name writes what it has, milliseconds: what a page that is closed in the middle leaves. */
const SAVE_EVERY = 5000;

/** How pictures are stored. */
export interface StoreOptions {
  /** Under which they are kept; undefined for a set that goes with the page. */
  readonly name: string | undefined;
  /** Up to so many bytes they are also taken into memory. */
  readonly memoryLimit: number;
  readonly worker: MakeWorker | undefined;
  /** Whether a part of it is no use: a full disk then is an error like others. */
  readonly whole?: boolean;
}

/** Throws `StorageError` where nothing can be stored. */
export async function opfsSink(planned: Planned, options: StoreOptions): Promise<Sink> {
  await removeLeftBehind();
  const set = await newFolder();
  try {
    return new OpfsSink(planned, options, set, openWriter(set, options.worker));
  } catch (error) {
    await deleteFolder(set.id);
    throw error;
  }
}

class OpfsSink implements Sink {
  readonly #planned: Planned;
  readonly #options: StoreOptions;
  readonly #set: SetFolder;
  readonly #writer: FileWriter;
  readonly #images: ImageWriter;
  readonly #index: IndexWriter;
  /** By part, each row's number in the files; −1 where there is none. */
  readonly #numbers: ReadonlyMap<Part, Int32Array>;
  readonly #created = Date.now();
  #savedAt = performance.now();
  #saving: Promise<void> | undefined;

  constructor(planned: Planned, options: StoreOptions, set: SetFolder, writer: FileWriter) {
    [this.#planned, this.#options, this.#set, this.#writer] = [planned, options, set, writer];
    const { height, width, channels } = planned.format;
    this.#images = new ImageWriter(writer, height * width * channels);
    this.#index = new IndexWriter(set, writer);
    this.#numbers = new Map(planned.tables.map(({ part, members }) => [part, new Int32Array(members.length).fill(-1)]));
  }

  put({ part }: Table, row: number, image: Uint8Array): Promise<void> | undefined {
    const { number, wait } = this.#images.put(image);
    const numbers = this.#numbers.get(part);
    if (numbers) numbers[row] = number;
    if (wait && this.#options.name !== undefined && performance.now() - this.#savedAt > SAVE_EVERY) {
      return wait.then(() => this.#save());
    }
    return wait;
  }

  /** Writes what there is so far, one writing at a time. */
  async #save(): Promise<void> {
    if (this.#saving) return;
    this.#savedAt = performance.now();
    const images = this.#images.written;
    const stopped = "the page was closed before the import had ended; import the pictures again for the others";
    const report = { files: images, images, skipped: [], seconds: 0, stopped };
    this.#saving = this.#index.write(this.#indexOf(report, false));
    try {
      await this.#saving;
    } finally {
      this.#saving = undefined;
    }
  }

  stoppedBy(error: unknown): string | undefined {
    if (!(error instanceof StorageError && error.reason === "quota")) return undefined;
    const { written } = this.#images;
    if (written === 0 || this.#options.whole) return undefined;
    return `the browser's storage was full after ${formatCount(written)} images; make room on the disk, or choose a smaller size, and import again for the others`;
  }

  async finish(report: ImportReport): Promise<ReadonlyMap<Part, ImageDataset>> {
    let { stopped } = report;
    try {
      await this.#images.finish();
    } catch (error) {
      stopped ??= this.stoppedBy(error);
      if (stopped === undefined) throw error;
    }
    await this.#saving?.catch(() => undefined);
    const { name, memoryLimit } = this.#options;
    const index = () => {
      const images = this.#images.written;
      return this.#indexOf({ ...report, images, ...(stopped === undefined ? {} : { stopped }) }, true);
    };
    if (name !== undefined) {
      stopped = (await this.#saveLast(index)) ?? stopped;
      await removeOthers(name, this.#set.id);
    }
    this.#writer.close();
    return storedDatasets(this.#set, index(), name === undefined ? 0 : memoryLimit);
  }

  /** Writes the index; where there is no room for it, in the place of the last images. Tells why some are missing then. */
  async #saveLast(index: () => StoredIndex): Promise<string | undefined> {
    for (let stopped: string | undefined; ; ) {
      try {
        await this.#index.write(index());
        return stopped;
      } catch (error) {
        if (this.#images.written > 0) await this.#images.dropLast();
        stopped = this.stoppedBy(error);
        if (stopped === undefined) throw error;
      }
    }
  }

  async discard(): Promise<void> {
    await this.#images.settled();
    await this.#saving?.catch(() => undefined);
    this.#writer.close();
    await deleteFolder(this.#set.id).catch(() => undefined);
  }

  #indexOf(imported: ImportReport, complete: boolean): StoredIndex {
    const { format, classNames, tables } = this.#planned;
    const { height, width, channels } = format;
    const parts: Partial<Record<Part, StoredPart>> = {};
    for (const { part, members } of tables) {
      const [names, labels, numbers]: [string[], number[], number[]] = [[], [], []];
      members.forEach(({ file, label }, row) => {
        const number = this.#numbers.get(part)?.[row] ?? -1;
        if (number < 0 || number >= this.#images.written) return;
        names.push(file.path);
        labels.push(label);
        numbers.push(number);
      });
      parts[part] = { names, labels, numbers };
    }
    return {
      ...{
        version: 1,
        name: this.#options.name ?? "",
        created: this.#created,
        complete,
        shape: [height, width, channels],
      },
      ...{ imagesPerFile: imagesOfFile(height * width * channels), classNames, imported, parts },
    };
  }
}
