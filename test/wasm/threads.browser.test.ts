/** Threads of WebAssembly in a page that is cross-origin isolated, as vitest.config.ts has Chromium's served. */
import { describe, expect, it, vi } from "vitest";
import { adam, createTrainer, wasm } from "../../src/index.ts";
import { store } from "../../src/wasm/emit/code.ts";
import { defineKernel } from "../../src/wasm/emit/function.ts";
import { WasmMemory } from "../../src/wasm/memory.ts";
import { slicing } from "../../src/wasm/slices.ts";
import { Pool } from "../../src/wasm/threads/pool.ts";
import { trainedWeights } from "../support/contract/bench.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const AT = 1024;
const visit = defineKernel("visit", { at: "i32", value: "i32" }, (_, { at, value }) => store.i32(at, value));

describe("WebAssembly on threads in an isolated page", () => {
  it("may share memory", () => expect(globalThis.crossOriginIsolated).toBe(true));

  it("has other threads do slices, and ends them", async () => {
    const { memory } = new WasmMemory(true);
    const words = new Int32Array(memory.buffer, AT);
    const failures: string[] = [];
    const pool = new Pool(memory, 3, (why) => failures.push(why));
    pool.send({ kernels: [[0, await WebAssembly.compile(visit.bytes("shared"))]] });
    const call = { kernel: 0, values: [AT, 7], own: [[0, 4]], live: [] } as const;
    pool.send({ jobs: [[1, [0, 1, 2, 3].map(() => [call])]] });
    // This thread's slices take long, and write elsewhere.
    const run = () => {
      for (const end = performance.now() + 5; performance.now() < end; );
    };
    const slices = [0, 1, 2, 3].map(() => [{ run, values: [], live: [] }]);
    await vi.waitFor(
      () => {
        pool.run({ id: 1, slices, live: [] });
        expect([...words.slice(0, 3)]).toEqual([0, 7, 7]);
      },
      { timeout: 60_000, interval: 10 },
    );
    expect(failures).toEqual([]);
    pool.end();
  });

  it("trains to the same bits on 1, 2, 3 and 4 threads", async () => {
    // Small shapes are divided too.
    slicing.least = 1;
    const runs = await Promise.all(
      [1, 2, 3, 4].map(async (threads) => {
        const backend = await wasm({ threads });
        expect(backend.description).toBe(`WebAssembly · SIMD${threads > 1 ? ` · ${threads} threads` : ""}`);
        const model = smallNetwork(3);
        const trainer = await createTrainer(model, {
          ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 16, seed: 5 },
        });
        await trainer.fit(barPictures(72), { epochs: 2 });
        const weights = await trainedWeights(trainer, model);
        trainer.dispose();
        expect(backend.why).toBeUndefined();
        expect(backend.bytes).toBe(0);
        backend.dispose();
        return weights;
      }),
    );
    for (const weights of runs.slice(1)) expect(weights).toEqual(runs[0]);
  });
});
