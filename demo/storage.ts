/**
 * What this browser keeps for the next visit, in its IndexedDB: trainings as they were measured last, and the drawings
 * that were taught. Storage is a courtesy: it may be forbidden or full, and then the page works without it.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { courtesy } from "./courtesy.ts";
import type { Digits } from "./digits.ts";
import type { Run } from "./run.ts";
import type { Lesson } from "./teaching.ts";

/** A training that can go on. */
export interface KeptRun {
  readonly id: string;
  /** When it was kept, milliseconds since 1970. */
  readonly time: number;
  readonly steps: number;
  /** Held-out accuracy at that time, of so many digits; undefined where it was not measured. */
  readonly accuracy: number | undefined;
  readonly count: number;
  readonly parameters: number;
  /** Which data set it was trained on. */
  readonly digits: Digits["id"];
  readonly run: Run;
  readonly checkpoint: Uint8Array;
}

interface Tables extends DBSchema {
  runs: { key: string; value: KeptRun; indexes: { time: number } };
  lessons: { key: string; value: readonly Lesson[] };
}

/** More trainings than this are not kept: the oldest goes. */
export const MOST_RUNS = 8;
const NAME = "corteza-demo";
const LESSONS = "lessons";
const PROBE = "probe";

let opened: Promise<IDBPDatabase<Tables>> | undefined;

function database(): Promise<IDBPDatabase<Tables>> {
  opened ??= openDB<Tables>(NAME, 1, {
    upgrade(made) {
      made.createObjectStore("runs", { keyPath: "id" }).createIndex("time", "time");
      made.createObjectStore("lessons");
    },
  });
  return opened;
}

/** Writes something, reads it and takes it away again. Throws, or is false, where this browser keeps nothing. */
export async function tryDatabase(): Promise<boolean> {
  const made = await database();
  await made.put("lessons", [], PROBE);
  const found = await made.get("lessons", PROBE);
  await made.delete("lessons", PROBE);
  return found !== undefined;
}

/** The trainings that are kept, newest first. */
export async function keptRuns(): Promise<readonly KeptRun[]> {
  return (await courtesy(async () => (await database()).getAllFromIndex("runs", "time")))?.reverse() ?? [];
}

/** Keeps a training in place of the one with the same `id`. False where this browser keeps nothing. */
export async function keepRun(run: KeptRun): Promise<boolean> {
  const done = await courtesy(async () => {
    const transaction = (await database()).transaction("runs", "readwrite");
    await transaction.store.put(run);
    const keys = await transaction.store.index("time").getAllKeys();
    for (const key of keys.slice(0, Math.max(0, keys.length - MOST_RUNS))) await transaction.store.delete(key);
    await transaction.done;
    return true;
  });
  return done ?? false;
}

export async function dropRun(id: string): Promise<void> {
  await courtesy(async () => (await database()).delete("runs", id));
}

export async function keptLessons(): Promise<readonly Lesson[]> {
  return (await courtesy(async () => (await database()).get("lessons", LESSONS))) ?? [];
}

export async function keepLessons(lessons: readonly Lesson[]): Promise<void> {
  await courtesy(async () => (await database()).put("lessons", lessons, LESSONS));
}
