/**
 * What this browser keeps for the next visit, in its IndexedDB: trainings as they were measured last, and the drawings
 * that were taught. Storage is a courtesy: it may be forbidden or full, and then the page works without it.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { courtesy } from "./courtesy.ts";
import type { Digits } from "./digits.ts";
import type { Run } from "./run.ts";
import type { Lesson } from "./teaching.ts";

/** A state of a training, with the SHA-256 of its checkpoint; none where the page is not secure, or an older one kept it. */
interface KeptState {
  /** When it was kept, milliseconds since 1970. */
  readonly time: number;
  readonly steps: number;
  /** Held-out accuracy at that time, of so many digits; undefined where it was not measured. */
  readonly accuracy: number | undefined;
  readonly count: number;
  readonly checkpoint: Uint8Array;
  readonly hash?: string;
}

/** A training that can go on. */
export interface KeptRun extends KeptState {
  readonly id: string;
  /** The state that was kept before, for the day when this one is damaged. */
  readonly before?: KeptState;
  readonly parameters: number;
  /** Which data set it was trained on. */
  readonly digits: Digits["id"];
  readonly run: Run;
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

/** The trainings that are kept, newest first; a damaged one in the state before, or not at all. */
export async function keptRuns(): Promise<readonly KeptRun[]> {
  const runs = (await courtesy(async () => (await database()).getAllFromIndex("runs", "time"))) ?? [];
  const whole = await Promise.all(runs.reverse().map(wholeRun));
  return whole.filter((run) => run !== undefined);
}

async function wholeRun(run: KeptRun): Promise<KeptRun | undefined> {
  if (await isWhole(run)) return run;
  const { before } = run;
  return before && (await isWhole(before)) ? { ...run, ...before } : undefined;
}

async function isWhole({ checkpoint, hash }: KeptState): Promise<boolean> {
  return hash === undefined || hash === (await hashOf(checkpoint));
}

async function hashOf(bytes: Uint8Array): Promise<string | undefined> {
  const digest = await courtesy(() => crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Keeps a training in place of the one with the same `id`, of which the last state stays beside it; one that is further stays a training of its own.
 * All in one transaction, which is on the disk when it ends: where that fails, all is as before. False where this browser keeps nothing.
 */
export async function keepRun(run: KeptRun): Promise<boolean> {
  const hash = await hashOf(run.checkpoint);
  const done = await courtesy(async () => {
    const transaction = (await database()).transaction("runs", "readwrite", { durability: "strict" });
    const { store } = transaction;
    // Whoever waits for the work hears of its failure.
    transaction.done.catch(() => undefined);
    try {
      const old = await store.get(run.id);
      if (old && old.steps > run.steps) await store.put({ ...old, id: `${run.id}-${old.steps}` });
      await store.put({ ...run, ...(hash ? { hash } : {}), ...(old ? { before: stateOf(old) } : {}) });
      const keys = await store.index("time").getAllKeys();
      for (const key of keys.slice(0, Math.max(0, keys.length - MOST_RUNS))) await store.delete(key);
    } catch (error) {
      await courtesy(() => transaction.abort());
      throw error;
    }
    await transaction.done;
    return true;
  });
  // Else the browser may throw it away where the disk fills up.
  if (done && !hasAsked) void courtesy(() => navigator.storage.persist());
  hasAsked ||= done === true;
  return done ?? false;
}

/** Whether the browser was asked to keep what the page keeps. */
let hasAsked = false;

function stateOf({ time, steps, accuracy, count, checkpoint, hash }: KeptState): KeptState {
  return { time, steps, accuracy, count, checkpoint, ...(hash ? { hash } : {}) };
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
