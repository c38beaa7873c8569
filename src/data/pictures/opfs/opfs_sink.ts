/** Writes the images of an import into the browser's own file system. */
import { StorageError } from "../../../core/errors.ts";
import { formatCount } from "../../../core/format.ts";
import type { MakeWorker } from "../pool.ts";
import type { Planned, Sink, Table } from "../sink.ts";
import type { PictureSource } from "../source.ts";
import type { Part } from "../tree.ts";
import type { ImageDataset, ImportReport } from "../types.ts";
import { deleteFolder, type FileWriter, newFolder, openWriter, type SetFolder } from "./files.ts";
import { ImageWriter, imagesOfFile } from "./image_writer.ts";
import { IndexWriter, type StoredIndex, type StoredPart } from "./index_file.ts";
import { removeLeftBehind, removeOthers } from "./sets.ts";
import { storedDatasets } from "./stored_datasets.ts";
import { BEING_WRITTEN, stampOf, type Unfinished, unfinishedImport } from "./unfinished.ts";

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
  /** Whether to go on with an import of this name that its page did not end. */
  readonly resume?: boolean;
}

/** Throws `StorageError` where nothing can be stored. */
export async function opfsSink(planned: Planned, options: StoreOptions): Promise<Sink> {
  const { name, resume, worker } = options;
  const earlier = resume && name !== undefined ? await unfinishedImport(name, planned.format) : undefined;
  let set = earlier?.set;
  try {
    await removeLeftBehind();
    set ??= await newFolder();
    BEING_WRITTEN.add(set.id);
    return new OpfsSink(planned, options, { set, writer: openWriter(set, worker), earlier });
  } catch (error) {
    if (set) BEING_WRITTEN.delete(set.id);
    if (set && !earlier) await deleteFolder(set.id);
    throw error;
  }
}

/** Where it writes. */
interface Place {
  readonly set: SetFolder;
  readonly writer: FileWriter;
  /** What the set has from an import that did not end. */
  readonly earlier: Unfinished | undefined;
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
  /** By part, what tells each row's file from others of its name. */
  readonly #stamps: ReadonlyMap<Part, string[]>;
  readonly #earlier: Unfinished | undefined;
  readonly #created = Date.now();
  #savedAt = performance.now();
  #saving: Promise<void> | undefined;

  constructor(planned: Planned, options: StoreOptions, { set, writer, earlier }: Place) {
    [this.#planned, this.#options, this.#set, this.#writer, this.#earlier] = [planned, options, set, writer, earlier];
    const { height, width, channels } = planned.format;
    const size = height * width * channels;
    const filesBefore = Math.ceil((earlier?.end ?? 0) / imagesOfFile(size));
    this.#images = new ImageWriter(writer, size, filesBefore * imagesOfFile(size));
    this.#index = new IndexWriter(set, writer, earlier?.index);
    this.#numbers = new Map(planned.tables.map(({ part, members }) => [part, new Int32Array(members.length).fill(-1)]));
    this.#stamps = new Map(planned.tables.map(({ part, members }) => [part, members.map(() => "")]));
  }

  has(table: Table, row: number, source: PictureSource): boolean {
    const known = this.#earlier?.images.get(table.members[row]?.file.path ?? "");
    const stamp = stampOf(source);
    if (known?.stamp !== stamp) return false;
    this.#note(table, row, known.number, stamp);
    return true;
  }

  #note({ part }: Table, row: number, number: number, stamp: string): void {
    const [numbers, stamps] = [this.#numbers.get(part), this.#stamps.get(part)];
    if (numbers) numbers[row] = number;
    if (stamps) stamps[row] = stamp;
  }

  put(table: Table, row: number, image: Uint8Array, source?: PictureSource): Promise<void> | undefined {
    const { number, wait } = this.#images.put(image);
    this.#note(table, row, number, stampOf(source));
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
    const stopped =
      "the page was closed before the import had ended; import the same files again, with the same name and resume: true, for the others";
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
    this.#close();
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
    this.#close();
    // What it went on with is kept, with what its last index lists.
    if (!this.#earlier) await deleteFolder(this.#set.id).catch(() => undefined);
  }

  #close(): void {
    this.#writer.close();
    BEING_WRITTEN.delete(this.#set.id);
  }

  #indexOf(imported: ImportReport, complete: boolean): StoredIndex {
    const { format, classNames, tables } = this.#planned;
    const { height, width, channels } = format;
    const parts: Partial<Record<Part, StoredPart>> = {};
    for (const { part, members } of tables) {
      const [names, labels, numbers, stamps]: [string[], number[], number[], string[]] = [[], [], [], []];
      members.forEach(({ file, label }, row) => {
        const number = this.#numbers.get(part)?.[row] ?? -1;
        if (number < 0 || number >= this.#images.written) return;
        names.push(file.path);
        labels.push(label);
        numbers.push(number);
        stamps.push(this.#stamps.get(part)?.[row] ?? "");
      });
      parts[part] = { names, labels, numbers, ...(complete ? {} : { stamps }) };
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
      ...(complete ? {} : { format }),
    };
  }
}
