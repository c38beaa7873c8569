/** The curves of earlier trainings, kept in this browser's IndexedDB. Where that is forbidden or full they last as long as the page. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { courtesy } from "../courtesy.ts";
import type { Measurement, Run, RunEvent } from "../run.ts";
import type { Difference, RunSettings } from "./run_settings.ts";

/** A training to compare with: its curves without its weights. */
export interface PastRun {
  readonly id: string;
  /** When it was measured last, milliseconds since 1970. */
  readonly time: number;
  /** Its letter on the charts. */
  readonly letter: string;
  readonly settings: RunSettings;
  /** What it changed against the run before; undefined for the first. */
  readonly changes: readonly Difference[] | undefined;
  readonly shown: boolean;
  /** Of each step; NaN where there is none. */
  readonly losses: Float32Array;
  readonly accuracies: Float32Array;
  readonly measurements: readonly Measurement[];
  readonly events: readonly RunEvent[];
}

/** More than this are not kept: the oldest goes. */
export const MOST_PAST_RUNS = 12;

interface Tables extends DBSchema {
  runs: { key: string; value: PastRun };
}

let opened: Promise<IDBPDatabase<Tables>> | undefined;

function database(): Promise<IDBPDatabase<Tables>> {
  opened ??= openDB<Tables>("corteza-curves", 1, {
    upgrade(made) {
      made.createObjectStore("runs", { keyPath: "id" });
    },
  });
  return opened;
}

/** All of them, oldest first. */
export async function storedRuns(): Promise<PastRun[]> {
  const runs = await courtesy(async () => (await database()).getAll("runs"));
  return runs?.sort((a, b) => a.time - b.time) ?? [];
}

export async function storeRun(run: PastRun): Promise<void> {
  await courtesy(async () => (await database()).put("runs", run));
}

export async function dropStoredRun(id: string): Promise<void> {
  await courtesy(async () => (await database()).delete("runs", id));
}

/** As the charts draw it. */
export function asRun(past: PastRun): Run {
  const column = (values: Float32Array) => Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  return {
    id: past.id,
    settings: past.settings,
    losses: column(past.losses),
    accuracies: column(past.accuracies),
    measurements: [...past.measurements],
    events: [...past.events],
  };
}
