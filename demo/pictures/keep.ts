/** The pictures and their training, kept in this browser's IndexedDB until others take their place or they are removed. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Dataset } from "../../src/data/dataset.ts";
import { courtesy } from "../courtesy.ts";
import type { Run } from "../run.ts";
import { bytesOf, type PictureSet } from "./picture_set.ts";
import type { PresetName } from "./presets.ts";

/** A training as it was when it was kept. */
export interface KeptTraining {
  /** The set that it was on. */
  readonly set: string;
  readonly preset: PresetName;
  readonly augment: boolean;
  /** Epochs done, and to be done. */
  readonly epoch: number;
  readonly epochs: number;
  readonly run: Run;
  readonly checkpoint: Uint8Array;
  /** The state with the best weights on held-out pictures, where it is another one. */
  readonly best: { readonly checkpoint: Uint8Array; readonly loss: number; readonly step: number } | undefined;
}

/** Bytes in Blobs are written to the disk and read back without passing through objects. */
interface KeptPart extends Omit<Dataset, "images" | "labels"> {
  readonly images: Blob;
  readonly labels: Blob;
}

interface KeptPictures extends Omit<PictureSet, "train" | "heldOut"> {
  readonly train: KeptPart;
  readonly heldOut: KeptPart;
}

interface Tables extends DBSchema {
  pictures: { key: string; value: KeptPictures };
  trainings: { key: string; value: KeptTraining };
}

/** `full`: they take more than this browser has left for the page. */
export type Keeping =
  | { readonly kind: "kept" }
  | { readonly kind: "full"; readonly bytes: number }
  | { readonly kind: "refused" };

/** There is one set at a time. */
const NOW = "now";

let opened: Promise<IDBPDatabase<Tables>> | undefined;

/** A database of its own: a full one holds up nothing else that the page keeps. */
function database(): Promise<IDBPDatabase<Tables>> {
  opened ??= openDB<Tables>("corteza-classes", 1, {
    upgrade(made) {
      made.createObjectStore("pictures");
      made.createObjectStore("trainings");
    },
  });
  return opened;
}

/** Keeps a set in place of the one before; all of it or, where there is no room, nothing. */
export async function keepPictures(set: PictureSet): Promise<Keeping> {
  const bytes = bytesOf(set);
  const { quota, usage } = (await courtesy(() => navigator.storage.estimate())) ?? {};
  if (quota !== undefined && usage !== undefined && quota - usage < bytes) return { kind: "full", bytes };
  try {
    const made = await database();
    await made.put("pictures", { ...set, train: toBlobs(set.train), heldOut: toBlobs(set.heldOut) }, NOW);
    return { kind: "kept" };
  } catch (error) {
    const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
    return isFull ? { kind: "full", bytes } : { kind: "refused" };
  }
}

/** The kept set; undefined where there is none, or it cannot be read. */
export async function keptPictures(): Promise<PictureSet | undefined> {
  return courtesy(async () => {
    const kept = await (await database()).get("pictures", NOW);
    if (kept === undefined) return undefined;
    const [train, heldOut] = await Promise.all([fromBlobs(kept.train), fromBlobs(kept.heldOut)]);
    return { ...kept, train, heldOut };
  });
}

/** Keeps a training; false where this browser keeps nothing. */
export async function keepTraining(training: KeptTraining): Promise<boolean> {
  const done = await courtesy(async () => {
    await (await database()).put("trainings", training, NOW);
    return true;
  });
  return done ?? false;
}

export async function keptTraining(): Promise<KeptTraining | undefined> {
  return courtesy(async () => (await database()).get("trainings", NOW));
}

export async function dropTraining(): Promise<void> {
  await courtesy(async () => (await database()).delete("trainings", NOW));
}

export async function dropPictures(): Promise<void> {
  await courtesy(async () => (await database()).delete("pictures", NOW));
}

function toBlobs({ images, labels, shape, count, classes, names }: Dataset): KeptPart {
  return {
    images: new Blob([new Uint8Array(images)]),
    labels: new Blob([new Int32Array(labels)]),
    ...{ shape, count, classes },
    ...(names ? { names } : {}),
  };
}

async function fromBlobs({ images, labels, ...rest }: KeptPart): Promise<Dataset> {
  return {
    ...rest,
    images: new Uint8Array(await images.arrayBuffer()),
    labels: new Int32Array(await labels.arrayBuffer()),
  };
}
