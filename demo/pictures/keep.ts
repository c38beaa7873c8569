/**
 * What is kept in this browser until others take their place or it is removed: the pictures in its own file system, or in
 * IndexedDB where it has none or refuses it (WebKitGTK, private windows of Safari); what they are called and their training in
 * IndexedDB.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { deletePictures, listPictures, openPictures } from "../../src/data/pictures/opfs/kept.ts";
import type { ImageDataset } from "../../src/data/pictures/types.ts";
import { courtesy } from "../courtesy.ts";
import type { Run } from "../run.ts";
import { newId, type PictureForm, type PictureSet } from "./picture_set.ts";
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

/** What is known of a kept set beside its pictures. */
export interface KeptSet extends PictureForm {
  readonly id: string;
  /** Under what name its pictures lie in the browser's own file system. */
  readonly store: string;
  readonly title: string;
  /** As they are called now. */
  readonly classNames: readonly string[];
  /** Classes that were taken out, in that order, each by its label at that time. */
  readonly removed: readonly number[];
}

interface Tables extends DBSchema {
  pictures: { key: string; value: KeptSet };
  trainings: { key: string; value: KeptTraining };
}

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

interface PictureTables extends DBSchema {
  /** By the set's store. */
  sets: { key: string; value: ImageDataset };
}

let openedPictures: Promise<IDBPDatabase<PictureTables>> | undefined;

/** Where pictures lie that could not be put into files. */
function pictureDatabase(): Promise<IDBPDatabase<PictureTables>> {
  openedPictures ??= openDB<PictureTables>("corteza-class-pictures", 1, {
    upgrade(made) {
      made.createObjectStore("sets");
    },
  });
  return openedPictures;
}

/** Keeps pictures in memory without a file system; false where that is not possible. `keepSet` drops those of other sets. */
export async function keepInDatabase(store: string, pictures: ImageDataset): Promise<boolean> {
  // What is read from elsewhere is not here to be kept.
  if (pictures.read) return false;
  // No enumerable properties: a database would leave them out.
  const { validation, test } = pictures;
  const whole = { ...pictures, ...(validation ? { validation } : {}), ...(test ? { test } : {}) };
  const done = await courtesy(async () => {
    await (await pictureDatabase()).put("sets", whole, store);
    return true;
  });
  return done ?? false;
}

/** A name for the pictures of a set. */
export const newStore = () => `${PREFIX}${newId()}`;
const PREFIX = "your-pictures-";

/** Keeps what is known of a set, whose pictures are kept, in the place of the set before; false where that is not possible. */
export async function keepSet({ id, store, title, size, channels, classNames, removed }: PictureSet): Promise<boolean> {
  const done = await courtesy(async () => {
    await (await database()).put("pictures", { id, store, title, size, channels, classNames, removed }, NOW);
    await dropOthers(store);
    return true;
  });
  return done ?? false;
}

/** The kept set with its pictures; undefined where there is none, or it cannot be read. */
export async function keptPictures(): Promise<{ readonly set: KeptSet; readonly pictures: ImageDataset } | undefined> {
  return courtesy(async () => {
    const set = await (await database()).get("pictures", NOW);
    if (set === undefined) return undefined;
    const inDatabase = await courtesy(async () => (await pictureDatabase()).get("sets", set.store));
    return { set, pictures: inDatabase ?? (await openPictures(set.store)) };
  });
}

/** Deletes the pictures of other sets of this page; of all sets where there is no `store`. Where one place is missing, the other. */
async function dropOthers(store?: string): Promise<void> {
  await courtesy(async () => {
    for (const { name } of await listPictures()) {
      if (name.startsWith(PREFIX) && name !== store) await deletePictures(name);
    }
  });
  await courtesy(async () => {
    const pictures = await pictureDatabase();
    for (const key of await pictures.getAllKeys("sets")) if (key !== store) await pictures.delete("sets", key);
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
  await dropOthers();
}
