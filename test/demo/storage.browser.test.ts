/** What the demo keeps of trainings in the browser's IndexedDB. */
import { openDB } from "idb";
import { beforeEach, expect, it } from "vitest";
import { dropRun, type KeptRun, keepRun, keptRuns } from "../../demo/storage.ts";

const run = (id: string, steps: number, value = steps): KeptRun => ({
  ...{ id, steps, time: 1000 + steps, accuracy: 0.5, count: 100, parameters: 10, digits: "small" },
  run: { parts: [] } as unknown as KeptRun["run"],
  checkpoint: new Uint8Array(5000).fill(value),
});
const kept = async () => (await keptRuns()).map(({ id, steps, checkpoint }) => [id, steps, checkpoint[0]]);

/** Changes a record behind the page's back. */
async function damage(id: string, change: (record: KeptRun) => KeptRun): Promise<void> {
  const database = await openDB("corteza-demo", 1);
  await database.put("runs", change((await database.get("runs", id)) as KeptRun));
  database.close();
}

beforeEach(async () => {
  for (const { id } of await keptRuns()) await dropRun(id);
});

it("keeps a training in place of itself, and goes back to the state before where the newest is damaged", async () => {
  expect([await keepRun(run("a", 1)), await keepRun(run("a", 2))]).toEqual([true, true]);
  expect(await kept()).toEqual([["a", 2, 2]]);
  await damage("a", (record) => ({ ...record, checkpoint: record.checkpoint.slice(0, 4999) }));
  expect(await kept()).toEqual([["a", 1, 1]]);
  await damage("a", (record) => {
    const { before } = record;
    return before ? { ...record, before: { ...before, checkpoint: new Uint8Array(5000) } } : record;
  });
  expect(await kept()).toEqual([]);
  await dropRun("a");
});

it("never writes a training over one that is further, and keeps eight", async () => {
  await keepRun(run("a", 16));
  await keepRun(run("a", 8));
  expect((await kept()).sort()).toEqual([
    ["a", 8, 8],
    ["a-16", 16, 16],
  ]);
  for (let index = 0; index < 9; index++) await keepRun(run(`b${index}`, 20 + index));
  expect((await kept()).map(([id]) => id)).toEqual(["b8", "b7", "b6", "b5", "b4", "b3", "b2", "b1"]);
});

it("leaves everything as it was where a save fails, and says so", async () => {
  await keepRun(run("a", 1));
  const put = IDBObjectStore.prototype.put;
  for (let failing = 0; failing < 2; failing++) {
    let calls = 0;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: [unknown, IDBValidKey?]) {
      if (calls++ === failing) throw new DOMException("full", "QuotaExceededError");
      return put.apply(this, args);
    };
    try {
      // With fewer steps both records are written.
      expect(await keepRun(run("a", 0))).toBe(false);
    } finally {
      IDBObjectStore.prototype.put = put;
    }
    expect(await kept()).toEqual([["a", 1, 1]]);
  }
});
