/** The visitor's pictures: imported, checked, kept. Its signals are what the page shows of them. */
import { signal } from "@preact/signals";
import { StorageError } from "../../src/core/errors.ts";
import { ImportControl } from "../../src/data/pictures/control.ts";
import { imageFolder, type PageImageFolderOptions } from "../../src/data/pictures/image_folder.ts";
import type { ImageFiles } from "../../src/data/pictures/listing.ts";
import { keepPictures } from "../../src/data/pictures/opfs/kept.ts";
import type { ImageDataset, ImportProgress } from "../../src/data/pictures/types.ts";
import { courtesy } from "../courtesy.ts";
import { findOut } from "./findings.ts";
import { dropPictures, keepInDatabase, keepSet, keptPictures, newStore } from "./keep.ts";
import { newId, type PictureForm, type PictureSet, renamed, setOf, withoutClass } from "./picture_set.ts";
import { type Problem, problemOf } from "./problem.ts";
import { Recorder } from "./recorder.ts";
import type { Findings } from "./report_of.ts";
import { hasPictures, listSource, type Source, suggestForm } from "./source.ts";

/** What became of keeping a set: `full` where there was no room for all of it. */
export type Keeping =
  | { readonly kind: "kept" | "refused" }
  /** So many files were not read any more. */
  | { readonly kind: "full"; readonly missing: number };

type KeptAbout = PictureForm & Pick<PictureSet, "id" | "store" | "title">;

/** An import under way. */
export interface Importing extends Partial<PictureForm> {
  readonly title: string;
  /** Undefined while the files are listed. */
  readonly progress: ImportProgress | undefined;
  /** Pauses it. */
  readonly control?: ImportControl;
}

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

  /** While pictures are recorded from a camera. */
  readonly recorder = signal<Recorder | undefined>(undefined);

  readonly #onCpu: () => boolean;
  #source: Source | undefined;
  /** Whether the pictures at hand lie in the browser's own file system. */
  #isStored = false;
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
      const { classNames, removed } = kept.set;
      const whole = setOf(kept.pictures, kept.set);
      this.#take({ ...removed.reduce(withoutClass, whole), id: kept.set.id, classNames });
      this.#isStored = true;
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

  /** Opens a camera to record pictures; `name` gives the first classes names, by their numbers. */
  record(name: (number: number) => string): void {
    this.cancel();
    this.problem.value = undefined;
    this.recorder.value?.close();
    this.recorder.value = new Recorder({ size: this.#onCpu() ? 32 : 64, channels: 3 }, name);
  }

  /** Takes up what was recorded. */
  async takeRecorded(): Promise<void> {
    const { value: recorder } = this.recorder;
    const found = recorder?.dataset();
    if (recorder === undefined || found === undefined) return;
    const [id, store] = [newId(), newStore()];
    this.endRecording();
    this.#source = undefined;
    const kept = await courtesy(() => keepPictures(found, store, { worker: decodeWorker }).then(() => true));
    await this.#takeFound(found, { id, store, title: "", ...recorder.form }, kept ?? false);
  }

  /** Turns the camera off, and forgets what was recorded. */
  endRecording(): void {
    this.recorder.value?.close();
    this.recorder.value = undefined;
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
    const { value: keeping } = this.keeping;
    this.#take(withoutClass(set, label));
    this.keeping.value = keeping;
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
    this.endRecording();
    this.problem.value = undefined;
    try {
      await work(abort.signal);
    } catch (error) {
      const problem = problemOf(error);
      const source = this.#source;
      // Of files that are no pictures their folder is not what is wrong.
      const isWrongFolder = problem.kind === "oneClass" && source !== undefined && !(await hasPictures(source));
      if (!abort.signal.aborted) this.problem.value = isWrongFolder ? { kind: "unreadable" } : problem;
    } finally {
      if (this.#import === abort) {
        this.#import = undefined;
        this.importing.value = undefined;
      }
    }
  }

  async #read(source: Source, form: PictureForm, signal: AbortSignal): Promise<void> {
    const { title, files } = source;
    const [id, store] = [newId(), newStore()];
    const control = new ImportControl();
    const options: PageImageFolderOptions = {
      ...{ size: [form.size, form.size], channels: form.channels, signal, control, worker: decodeWorker },
      onProgress: (progress) => {
        if (!signal.aborted) this.importing.value = { title, ...form, progress, control };
      },
    };
    let kept = true;
    const found = await imageFolder(files, { ...options, name: store }).catch((error: unknown) => {
      // Without that file system a page holds what fits into its memory.
      if (!(error instanceof StorageError && error.reason === "unavailable")) throw error;
      kept = false;
      return imageFolder(files, options);
    });
    signal.throwIfAborted();
    await this.#takeFound(found, { id, store, title, ...form }, kept);
  }

  /** Takes up what was imported, and keeps what is known of it. */
  async #takeFound(found: ImageDataset, about: KeptAbout, kept: boolean): Promise<void> {
    if (found.count < 2) {
      this.problem.value = { kind: "few" };
      return;
    }
    const set = setOf(found, about);
    this.#take(set);
    this.#isStored = kept;
    const isStored = kept || (await keepInDatabase(about.store, found));
    if (this.set.value?.id !== set.id) return;
    this.#isStored = isStored;
    // Not as it was found: a class may have another name by now.
    const isKept = isStored && (await keepSet(this.set.value));
    if (this.set.value?.id !== set.id) return;
    const missing = found.imported.files - found.imported.images - found.imported.skipped.length;
    this.keeping.value = found.imported.stopped ? { kind: "full", missing } : { kind: isKept ? "kept" : "refused" };
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
    if (set && this.#isStored) await keepSet(set);
  }
}
