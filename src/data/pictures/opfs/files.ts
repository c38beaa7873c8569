/** Folders and files of the browser's own file system (OPFS), in which pictures are kept. */
import { StorageError } from "../../../core/errors.ts";
import type { MakeWorker } from "../pool.ts";

/** The folder of all kept pictures. A folder in it is a set. */
const ROOT = "corteza-pictures";

const whyOf = (cause: unknown) => (cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause));

/** Throws `StorageError` where there is no such file system: in windows that keep nothing, on pages that are not secure. */
export async function openRoot(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(ROOT, { create: true });
  } catch (cause) {
    throw new StorageError(
      "unavailable",
      `The browser's own file system is not there (${whyOf(cause)}): pages have one when they are secure, and not in private windows ` +
        "of some browsers.",
      { cause },
    );
  }
}

/** A folder of the root, with its name. */
export interface SetFolder {
  readonly id: string;
  readonly folder: FileSystemDirectoryHandle;
}

/** Makes a new folder for a set, which this page holds. */
export async function newFolder(): Promise<SetFolder> {
  const id = crypto.randomUUID();
  const root = await openRoot();
  // First held, then made: other pages delete what nobody holds.
  await holdFolder(id);
  try {
    return { id, folder: await root.getDirectoryHandle(id, { create: true }) };
  } catch (cause) {
    releaseFolder(id);
    throw storageError(cause);
  }
}

/** All folders of sets. */
export async function allFolders(): Promise<SetFolder[]> {
  const found: SetFolder[] = [];
  for await (const [id, handle] of (await openRoot()).entries()) {
    if (handle.kind === "directory") found.push({ id, folder: handle as FileSystemDirectoryHandle });
  }
  return found;
}

/** Deletes a set; one that is gone already is no fault. */
export async function deleteFolder(id: string): Promise<void> {
  const root = await openRoot();
  releaseFolder(id);
  try {
    await root.removeEntry(id, { recursive: true });
  } catch (cause) {
    if (cause instanceof Error && cause.name === "NotFoundError") return;
    throw storageError(cause);
  }
}

/** What storing failed with, as a `StorageError`. */
export function storageError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  if (cause instanceof Error && cause.name === "QuotaExceededError") {
    return new StorageError(
      "quota",
      "The browser's storage is full: there is no room for more pictures. Delete what is not needed (deletePictures), make room on " +
        "the disk, or choose a smaller size.",
      { cause },
    );
  }
  return new StorageError(
    "failed",
    `The browser's own file system failed (${whyOf(cause)}). Reload the page and try again.`,
    {
      cause,
    },
  );
}

/** Writes whole files into a folder. */
export interface FileWriter {
  /** Throws `StorageError`; of a file that found no room nothing is left. */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Takes a file away; one that is not there is no fault. */
  remove(name: string): Promise<void>;
  /** Ends its worker. */
  close(): void;
}

/**
 * Writes into a folder: through a stream where the browser has these, else (Safari before 26) in a worker, where files can be
 * written at once. Throws `StorageError` where neither is there.
 */
export function openWriter({ id, folder }: SetFolder, makeWorker: MakeWorker | undefined): FileWriter {
  const write = typeof FileSystemFileHandle.prototype.createWritable === "function" ? writeStream : undefined;
  const worker = write ? undefined : workerOf(makeWorker);
  const remove = (name: string) => folder.removeEntry(name).catch(() => undefined);
  return {
    async write(name, bytes) {
      try {
        if (worker) await worker.write({ path: [ROOT, id], name, bytes });
        else await write?.(folder, name, bytes);
      } catch (cause) {
        await remove(name);
        throw storageError(cause);
      }
    },
    remove,
    close: () => worker?.close(),
  };
}

async function writeStream(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  const stream = await file.createWritable();
  try {
    await stream.write(bytes);
    await stream.close();
  } catch (cause) {
    await stream.abort().catch(() => undefined);
    throw cause;
  }
}

/** What the worker is asked to write. */
export interface WriteRequest {
  /** Folders, from the root of the browser's file system. */
  readonly path: readonly string[];
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What it answers: nothing, or what it failed with. */
export interface WriteAnswer {
  readonly id: number;
  readonly failed?: { readonly name: string; readonly message: string };
}

function workerOf(makeWorker: MakeWorker | undefined) {
  const unavailable = (cause?: unknown) =>
    new StorageError(
      "unavailable",
      "This browser writes into its own file system from workers alone, and there is none: give imageFolder's option worker.",
      { cause },
    );
  let made: Worker;
  try {
    if (makeWorker === undefined) throw unavailable();
    made = makeWorker();
  } catch (cause) {
    throw unavailable(cause);
  }
  let number = 0;
  const waiting = new Map<number, { resolve(): void; reject(error: unknown): void }>();
  made.addEventListener("message", ({ data: { id, failed } }: MessageEvent<WriteAnswer>) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (failed) one?.reject(new DOMException(failed.message, failed.name));
    else one?.resolve();
  });
  made.addEventListener("error", (event) => {
    for (const { reject } of waiting.values()) reject(unavailable(event.message));
    waiting.clear();
  });
  return {
    write(request: WriteRequest): Promise<void> {
      const id = number++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        made.postMessage({ id, write: request }, [request.bytes.buffer]);
      });
    },
    close: () => made.terminate(),
  };
}

/** What lets go of the sets that this page holds. */
const HELD = new Map<string, () => void>();

const LOCK = "corteza-pictures ";

/** Tells other pages that this one uses a set, until it is released or the page is gone. */
export function holdFolder(id: string): Promise<void> {
  if (HELD.has(id) || navigator.locks === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const held = new Promise<void>((release) => HELD.set(id, release));
    const granted = () => {
      resolve();
      return held;
    };
    // A page that may have no locks does without.
    navigator.locks.request(`${LOCK}${id}`, { mode: "shared" }, granted).catch(() => resolve());
  });
}

function releaseFolder(id: string): void {
  HELD.get(id)?.();
  HELD.delete(id);
}

/** Whether this page holds a set. */
export const isHeld = (id: string): boolean => HELD.has(id);

/** The sets that some page uses, this one too. */
export async function foldersInUse(): Promise<ReadonlySet<string>> {
  const { held = [], pending = [] } = (await navigator.locks?.query()) ?? {};
  return new Set([...HELD.keys(), ...[...held, ...pending].map(({ name = "" }) => name.replace(LOCK, ""))]);
}
