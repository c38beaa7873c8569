/** Data sets of the visitor's own, kept in this browser's IndexedDB until they are removed. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { type Dataset, dataset } from "../src/data/dataset.ts";
import { courtesy } from "./courtesy.ts";
import type { Digits, OwnId } from "./digits.ts";

/** What is known of a kept data set without reading its pictures. */
export interface KeptSet {
  readonly id: OwnId;
  /** When it was kept, milliseconds since 1970. */
  readonly time: number;
  readonly title: string;
  readonly names: readonly string[];
  /** Pictures of both parts. */
  readonly count: number;
  /** What its pictures and labels take, in bytes. */
  readonly bytes: number;
}

/** A part of a data set as bytes: in a Blob, which is written to the disk and read back without passing through objects. */
interface KeptPart {
  readonly images: Blob;
  readonly labels: Blob;
  readonly shape: readonly number[];
  readonly classes: number;
}

interface KeptParts {
  readonly train: KeptPart;
  readonly heldOut: KeptPart;
}

interface Tables extends DBSchema {
  sets: { key: string; value: KeptSet };
  parts: { key: string; value: KeptParts };
}

/** What became of keeping a set: `full` where it takes more than this browser has left for the page. */
export type Keeping =
  | { readonly kind: "kept" }
  /** `left`: bytes that there are, where the browser tells. */
  | { readonly kind: "full"; readonly bytes: number; readonly left: number | undefined }
  | { readonly kind: "refused" };

let opened: Promise<IDBPDatabase<Tables>> | undefined;

/** A database of its own: a full one holds up nothing else that the page keeps. */
function database(): Promise<IDBPDatabase<Tables>> {
  opened ??= openDB<Tables>("corteza-pictures", 1, {
    upgrade(made) {
      made.createObjectStore("sets", { keyPath: "id" });
      made.createObjectStore("parts");
    },
  });
  return opened;
}

/** The sets that are kept, oldest first; none where this browser keeps nothing. */
export async function keptSets(): Promise<readonly KeptSet[]> {
  const sets = await courtesy(async () => (await database()).getAll("sets"));
  return sets?.sort((a, b) => a.time - b.time) ?? [];
}

/** Keeps a set, in place of the one with the same `id`; all of it or, where there is no room, nothing. */
export async function keepSet({ id, title = "", names, train, heldOut }: Digits & { id: OwnId }): Promise<Keeping> {
  const parts: KeptParts = { train: keptPart(train), heldOut: keptPart(heldOut) };
  const bytes = bytesOf(parts.train) + bytesOf(parts.heldOut);
  const left = await roomLeft();
  // To ask is cheaper than to write a hundred megabytes in vain. Chromium tells of more room than there is.
  if (left !== undefined && left < bytes) return { kind: "full", bytes, left };
  const count = train.count + heldOut.count;
  try {
    const transaction = (await database()).transaction(["sets", "parts"], "readwrite");
    await Promise.all([
      transaction.objectStore("parts").put(parts, id),
      transaction.objectStore("sets").put({ id, time: Date.now(), title, names, count, bytes }),
      transaction.done,
    ]);
    return { kind: "kept" };
  } catch (error) {
    const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
    return isFull ? { kind: "full", bytes, left: undefined } : { kind: "refused" };
  }
}

/** A kept set; undefined where it is not there any more, or cannot be read. */
export async function loadSet(id: OwnId): Promise<(Digits & { id: OwnId }) | undefined> {
  return courtesy(async () => {
    const made = await database();
    const [set, parts] = await Promise.all([made.get("sets", id), made.get("parts", id)]);
    if (set === undefined || parts === undefined) return undefined;
    const [train, heldOut] = await Promise.all([readPart(parts.train), readPart(parts.heldOut)]);
    return { id, title: set.title, names: set.names, train, heldOut };
  });
}

/** False where it could not be removed. */
export async function dropSet(id: OwnId): Promise<boolean> {
  const done = await courtesy(async () => {
    const transaction = (await database()).transaction(["sets", "parts"], "readwrite");
    await Promise.all([
      transaction.objectStore("sets").delete(id),
      transaction.objectStore("parts").delete(id),
      transaction.done,
    ]);
    return true;
  });
  return done ?? false;
}

function keptPart({ images, labels, shape, classes }: Dataset): KeptPart {
  // The pictures of IDX files are bytes, and there are ten classes at most.
  return { images: new Blob([new Uint8Array(images)]), labels: new Blob([new Uint8Array(labels)]), shape, classes };
}

function bytesOf({ images, labels }: KeptPart): number {
  return images.size + labels.size;
}

async function readPart({ images, labels, shape, classes }: KeptPart): Promise<Dataset> {
  const read = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
  return dataset({ images: await read(images), labels: await read(labels), shape, classes });
}

/** Bytes that this page may still keep; undefined where the browser does not tell. */
async function roomLeft(): Promise<number | undefined> {
  const { quota, usage } = (await courtesy(() => navigator.storage.estimate())) ?? {};
  return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
}
