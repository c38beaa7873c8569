/** The visitor's pictures: imported, checked, kept. Its signals are what the page shows of them. */
import { signal } from "@preact/signals";
import type { Dataset } from "../../src/data/dataset.ts";
import { imageFolder } from "../../src/data/pictures/image_folder.ts";
import type { ImageFiles } from "../../src/data/pictures/listing.ts";
import type { ImageDataset, ImportProgress } from "../../src/data/pictures/types.ts";
import { type Findings, findOut } from "./findings.ts";
import { dropPictures, type Keeping, keepPictures, keptPictures } from "./keep.ts";
import { divide, newId, type PictureForm, type PictureSet, renamed, withoutClass } from "./picture_set.ts";
import { type Problem, problemOf } from "./problem.ts";
import { listSource, type Source, suggestForm } from "./source.ts";

/** An import under way. */
export interface Importing extends Partial<PictureForm> {
  readonly title: string;
  /** Undefined while the files are listed. */
  readonly progress: ImportProgress | undefined;
}

/** More bytes of pictures than this make a page slow, and are more than phones have. */
const MOST_BYTES = 600_000_000;

const decodeWorker = () => new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });

export class Collection {
  readonly set = signal<PictureSet | undefined>(undefined);
  readonly importing = signal<Importing | undefined>(undefined);
  readonly problem = signal<Problem | undefined>(undefined);
  /** Of the set at hand; undefined until it is known. */
  readonly findings = signal<Findings | undefined>(undefined);
  /** What became of keeping the set; undefined until it is known. */
  readonly keeping = signal<Keeping | undefined>(undefined);
  /** Whether the files are at hand, to be read at another size. */
  readonly canRead = signal(false);
  /** Whether it is known what is kept from an earlier visit. */
  readonly opened = signal(false);

  readonly #onCpu: () => boolean;
  #source: Source | undefined;
  #import: AbortController | undefined;
  #check: AbortController | undefined;

  /** `onCpu`: whether there is no WebGPU. */
  constructor(onCpu: () => boolean) {
    this.#onCpu = onCpu;
  }

  /** Opens what is kept from an earlier visit. */
  async open(): Promise<void> {
    const kept = await keptPictures();
    // Somebody may have been quicker.
    if (kept && this.set.value === undefined && this.importing.value === undefined) {
      this.#take(kept);
      this.keeping.value = { kind: "kept" };
    }
    this.opened.value = true;
  }

  /** Imports what was chosen or dropped. A folder that holds a class alone waits for the next one. */
  async add(given: ImageFiles): Promise<void> {
    const before = this.problem.value?.kind === "oneClass" ? this.#source : undefined;
    await this.#do(async (abort) => {
      this.importing.value = { title: "", progress: undefined };
      const source = await listSource(given, before);
      abort.throwIfAborted();
      this.#source = source;
      this.importing.value = { title: source.title, progress: undefined };
      await this.#read(source, await suggestForm(source, this.#onCpu()), abort);
    });
  }

  /** Reads the same files at another size, or in grey or colour. */
  async reform(form: PictureForm): Promise<void> {
    const source = this.#source;
    if (source) await this.#do((abort) => this.#read(source, form, abort));
  }

  /** Ends an import; the pictures that were there before stay. */
  cancel(): void {
    this.#import?.abort();
  }

  rename(label: number, name: string): void {
    const set = this.set.value;
    const wanted = name.trim();
    if (set === undefined || wanted === "" || set.classNames.includes(wanted)) return;
    this.set.value = renamed(set, label, wanted);
    void this.#keep();
  }

  /** Takes a class out; two have to stay. */
  remove(label: number): void {
    const set = this.set.value;
    if (set === undefined || set.classNames.length <= 2) return;
    // The files on the disk still have it.
    this.#source = undefined;
    this.#take(withoutClass(set, label));
    void this.#keep();
  }

  /** Takes all pictures out of this browser. */
  async clear(): Promise<void> {
    this.cancel();
    this.#check?.abort();
    this.#source = undefined;
    this.set.value = this.findings.value = this.problem.value = this.keeping.value = undefined;
    this.canRead.value = false;
    await dropPictures();
  }

  async #do(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#import?.abort();
    const abort = new AbortController();
    this.#import = abort;
    this.problem.value = undefined;
    try {
      await work(abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) this.problem.value = problemOf(error);
    } finally {
      if (this.#import === abort) {
        this.#import = undefined;
        this.importing.value = undefined;
      }
    }
  }

  async #read(source: Source, form: PictureForm, signal: AbortSignal): Promise<void> {
    const { title, files, count } = source;
    const { size, channels } = form;
    const bytes = count * size * size * channels;
    if (bytes > MOST_BYTES) {
      this.problem.value = { kind: "bytes", bytes, count, size };
      return;
    }
    const found = await imageFolder(files, {
      ...{ size: [size, size], channels, signal, worker: decodeWorker },
      onProgress: (progress) => {
        if (!signal.aborted) this.importing.value = { title, size, channels, progress };
      },
    });
    signal.throwIfAborted();
    if (found.count < 2) {
      this.problem.value = { kind: "few" };
      return;
    }
    this.#take(setOf(found, title, form));
    await this.#keep();
  }

  #take(set: PictureSet): void {
    this.set.value = set;
    this.canRead.value = this.#source !== undefined;
    this.keeping.value = this.findings.value = undefined;
    this.#check?.abort();
    const check = new AbortController();
    this.#check = check;
    findOut(set, check.signal)
      .then((findings) => {
        if (!check.signal.aborted) this.findings.value = findings;
      })
      // Without its report the page goes on.
      .catch(() => undefined);
  }

  async #keep(): Promise<void> {
    const set = this.set.value;
    if (set === undefined) return;
    const keeping = await keepPictures(set);
    if (this.set.value?.id === set.id) this.keeping.value = keeping;
  }
}

function setOf(found: ImageDataset, title: string, form: PictureForm): PictureSet {
  const { classNames, imported } = found;
  const apart = found.validation ?? found.test;
  const parts = apart ? { train: found, heldOut: apart } : divide(found);
  return {
    ...{ id: newId(), title, ...form, classNames: [...classNames], files: imported.files, skipped: imported.skipped },
    ...{ train: plain(parts.train), heldOut: plain(parts.heldOut), heldOutBy: apart ? "folder" : "lot" },
  };
}

/** The data set alone, without the report of its import. */
function plain({ images, labels, shape, count, classes, names }: Dataset): Dataset {
  return { images, labels, shape, count, classes, ...(names ? { names } : {}) };
}
