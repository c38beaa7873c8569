/**
 * A folder with the two last checkpoints of a training, of which one is whole at any time, whatever ends the process or the power, or fills
 * the disk: `a.safetensors` and `b.safetensors`, and `manifest.json`, which says which one is the newer and has their lengths and
 * SHA-256. A file is written beside its place, brought to the disk, and renamed; the manifest comes last.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Trainer } from "../src/index.ts";

const MANIFEST = "manifest.json";
const SLOTS = ["a.safetensors", "b.safetensors"] as const;
const CHUNK = 2 ** 20;

interface Entry {
  readonly file: string;
  readonly length: number;
  readonly sha256: string;
  readonly steps: number;
}

interface Manifest {
  readonly newest: Entry;
  readonly before?: Entry;
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** One training's folder. */
export class SaveDirectory {
  readonly #folder: string;
  readonly #before: (operation: string) => void;
  #last: Promise<unknown> = Promise.resolve();

  /** `before` is called before each operation on a file; what it throws ends the save there, for tests. */
  constructor(folder: string, before: (operation: string) => void = () => undefined) {
    this.#folder = folder;
    this.#before = before;
  }

  /** Keeps a checkpoint; resolves when it is on the disk. Saves take turns. What was there before stays where it fails. */
  save(bytes: Uint8Array, steps: number): Promise<void> {
    const saved = this.#last.then(() => this.#save(bytes, steps));
    this.#last = saved.catch(() => undefined);
    return saved;
  }

  /** The newest checkpoint that is whole; undefined where none was saved. Throws where there should be one and none is whole. */
  async newest(): Promise<{ bytes: Uint8Array; steps: number } | undefined> {
    const manifest = await this.#manifest();
    if (manifest === undefined) return undefined;
    const whole = await this.#newestWhole(manifest);
    if (whole) return { bytes: new Uint8Array(whole.bytes), steps: whole.entry.steps };
    throw new Error(`${this.#folder}: neither of its two checkpoints is whole; something else has written there.`);
  }

  async #newestWhole(manifest: Manifest): Promise<{ entry: Entry; bytes: Uint8Array } | undefined> {
    for (const entry of [manifest.newest, manifest.before]) {
      const bytes = entry && (await readFile(join(this.#folder, entry.file)).catch(() => undefined));
      if (entry && bytes?.length === entry.length && hashOf(bytes) === entry.sha256) return { entry, bytes };
    }
    return undefined;
  }

  async #save(bytes: Uint8Array, steps: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const manifest = await this.#manifest();
    // What is whole stays until the new one is: the newest may be damaged, and the one before all that there is.
    const before = manifest && (await this.#newestWhole(manifest))?.entry;
    const file = before?.file === SLOTS[0] ? SLOTS[1] : SLOTS[0];
    await this.#write(file, bytes);
    const newest: Entry = { file, length: bytes.length, sha256: hashOf(bytes), steps };
    await this.#write(MANIFEST, new TextEncoder().encode(JSON.stringify({ newest, before })));
  }

  async #manifest(): Promise<Manifest | undefined> {
    const path = join(this.#folder, MANIFEST);
    try {
      return JSON.parse(await readFile(path, "utf8")) as Manifest;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new Error(`${path} is not what was written there: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Puts a file in its place, whole or not at all. */
  async #write(file: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, file);
    const beside = `${path}.part`;
    this.#before(`open ${file}`);
    const handle = await open(beside, "w");
    try {
      // A disk that fills up takes a part of a chunk, and refuses the rest.
      for (let at = 0; at < bytes.length; ) {
        this.#before(`write ${file}`);
        at += (await handle.write(bytes.subarray(at, at + CHUNK))).bytesWritten;
      }
      this.#before(`sync ${file}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.#before(`rename ${file}`);
    await rename(beside, path);
    this.#before(`sync folder of ${file}`);
    await syncFolder(this.#folder);
  }
}

/** Brings a folder's names to the disk; where folders cannot be opened (Windows), the file system does that by itself. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Goes on from the newest checkpoint in a folder; the steps that are done by then, 0 where there is none. */
export async function resume(trainer: Trainer, saves: SaveDirectory): Promise<number> {
  const saved = await saves.newest();
  if (saved === undefined) return 0;
  await trainer.restore(saved.bytes);
  return trainer.stats().steps;
}

/**
 * Saves a training that is under way every so many seconds, until the function that comes back is called, which saves a last time. A save that
 * fails is told, and training goes on.
 */
export function saveEvery(
  trainer: Trainer,
  saves: SaveDirectory,
  { seconds, onFailure }: { seconds: number; onFailure: (error: unknown) => void },
): () => Promise<void> {
  let isSaving = false;
  const save = async () => {
    const bytes = await trainer.checkpoint();
    await saves.save(bytes, trainer.stats().steps);
  };
  const timer = setInterval(() => {
    if (isSaving) return;
    isSaving = true;
    save()
      .catch(onFailure)
      .finally(() => {
        isSaving = false;
      });
  }, seconds * 1000);
  return async () => {
    clearInterval(timer);
    await save();
  };
}
