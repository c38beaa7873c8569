import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ArgumentError, DeviceLostError } from "../../src/core/errors.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { adam, createPredictor, createTrainer, wasm } from "../../src/index.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import type { BoundCall } from "../../src/wasm/crew.ts";
import { load, store } from "../../src/wasm/emit/code.ts";
import { defineKernel } from "../../src/wasm/emit/function.ts";
import { WasmMemory } from "../../src/wasm/memory.ts";
import { divide, Own, slicing } from "../../src/wasm/slices.ts";
import { Pool, patience } from "../../src/wasm/threads/pool.ts";
import { Report } from "../conformance/suite.ts";
import { checkAgreement } from "../support/agreement.ts";
import { drawCases } from "../support/agreement_families.ts";
import { checkTrainingAgreement } from "../support/agreement_training.ts";
import { trainedWeights } from "../support/contract/bench.ts";
import { barPictures, referenceNetwork, residualNetwork, smallNetwork } from "../support/networks.ts";
import { RandomData } from "../support/random.ts";

const SEED = 4714;
const COUNTS = [1, 2, 3, 4];

/** As small as tests' shapes: each is divided as much as it can be. */
function divideEverything(): void {
  const { least } = slicing;
  beforeAll(() => {
    slicing.least = 1;
  });
  afterAll(() => {
    slicing.least = least;
  });
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("slices", () => {
  it(`are all of it, each once, whole units but for the last (seed ${SEED})`, () => {
    const random = new RandomData(SEED);
    for (let turn = 0; turn < 300; turn++) {
      const [count, unit, most] = [random.integer(1, 5000), random.integer(1, 70), random.integer(2, 20)];
      const ranges = divide(count, random.uniform() * 1000, { unit, most });
      let end = 0;
      for (const range of ranges) {
        expect(range.begin).toBe(end);
        expect(range.begin % unit).toBe(0);
        expect(range.count).toBeGreaterThan(0);
        end += range.count;
      }
      expect(end).toBe(count);
      expect(ranges.length).toBeLessThanOrEqual(most);
    }
  });

  it("are one where the work is not worth handing over", () => {
    expect(divide(1000, 1)).toEqual([{ begin: 0, count: 1000 }]);
    expect(divide(1000, 1000)).toHaveLength(16);
  });
});

describe("any number of threads", () => {
  divideEverything();

  async function trained(backend: Backend, make: typeof smallNetwork) {
    const model = make(3);
    const settings = { loss: "sparseCategoricalCrossentropy", batchSize: 16, seed: 5, optimizer: adam() } as const;
    const trainer = await createTrainer(model, { ...settings, backend });
    const data = barPictures(72);
    await trainer.fit(data, { epochs: 2 });
    const weights = await trainedWeights(trainer, model);
    trainer.dispose();
    expect(backend.bytes).toBe(0);
    backend.dispose();
    return weights;
  }

  it.each([
    ["pooled convolutions", smallNetwork],
    ["batch normalisation", residualNetwork],
  ])("trains %s to the same bits", async (_, make) => {
    const [one, ...others] = await Promise.all(COUNTS.map(async (threads) => trained(await wasm({ threads }), make)));
    for (const weights of others) expect(weights).toEqual(one);
  });

  it("has the CPU backend's losses of the reference network", async () => {
    const backend = await wasm({ threads: 3 });
    await checkTrainingAgreement(backend, 2, 2);
    expect(backend.why).toBeUndefined();
    backend.dispose();
  });

  const cases = [...drawCases(160, SEED).values()].flat();

  it(`agrees with the CPU reference on ${cases.length} random shapes (seed ${SEED})`, async () => {
    const backend = await wasm({ threads: 3 });
    const report = new Report();
    await report.each(
      cases,
      ({ name }) => name,
      (one) => checkAgreement(backend, one),
    );
    expect(report.failures).toEqual([]);
    expect(backend.bytes).toBe(0);
    expect(backend.why).toBeUndefined();
    backend.dispose();
  });

  it("takes the plan's memory, of which each thread has some of its own", async () => {
    const bytes = await Promise.all(
      COUNTS.map(async (threads) => {
        const backend = await wasm({ threads });
        const model = referenceNetwork();
        const settings = { loss: "sparseCategoricalCrossentropy", batchSize: 8, optimizer: adam() } as const;
        const trainer = await createTrainer(model, { ...settings, backend });
        await trainer.trainOnBatch(new Uint8Array(8 * 784), new Uint8Array(8));
        const { gpuBytes } = trainer.stats();
        expect(backend.bytes).toBeGreaterThanOrEqual(gpuBytes);
        trainer.dispose();
        expect(backend.bytes).toBe(0);
        backend.dispose();
        return gpuBytes;
      }),
    );
    for (const [index, more] of bytes.slice(1).entries()) {
      expect(more).toBeGreaterThanOrEqual(bytes[index] ?? Number.NaN);
    }
  });
});

describe("other threads", () => {
  /** Word 0 of what tests use: the other thread was here. */
  const AT = 1024;
  const visit = defineKernel("visit", { at: "i32", value: "i32" }, (_, { at, value }) => store.i32(at, value));
  /** Says that it was here, and reads what there is not. */
  const fail = defineKernel("fail", { at: "i32", value: "i32" }, (_, { at, value }) => [
    store.i32(at, value),
    store.i32(at, load.i32(-4)),
  ]);

  async function poolOf(kernel: typeof visit) {
    const { memory } = new WasmMemory(true);
    const words = new Int32Array(memory.buffer, AT);
    const failures: string[] = [];
    const pool = new Pool(memory, 2, (why) => failures.push(why));
    pool.send({ kernels: [[0, await WebAssembly.compile(kernel.bytes("shared"))]] });
    return { pool, words, failures };
  }

  /** Two slices of which this thread does not end its own before another one has begun the other. */
  function twoSlices(words: Int32Array) {
    const done: number[] = [];
    /** The other thread writes word 0 first. */
    const waits = (slice: number): BoundCall => ({
      values: [],
      live: [],
      run() {
        done.push(slice);
        for (let looks = 0; Atomics.load(words, 0) === 0; looks++) {
          // A minute: where there is no other thread, that shall be told.
          if (looks > 6000) throw new Error("the other thread did not begin");
          Atomics.wait(words, 0, 0, 10);
        }
      },
    });
    return { done, job: { id: 1, live: [() => 7], slices: [[waits(0)], [waits(1)]] } };
  }

  const sent = [0, 1].map(() => [
    { kernel: 0, values: [AT, 0], own: [], live: [[1, 0]] } as const,
    { kernel: 0, values: [AT, 0], own: [[0, 4]], live: [[1, 0]] } as const,
  ]);

  it("do slices with addresses of their own and values of now", async () => {
    const { pool, words, failures } = await poolOf(visit);
    const { done, job } = twoSlices(words);
    pool.send({ jobs: [[1, sent]] });
    pool.run(job);
    expect(done).toHaveLength(1);
    expect([...words.slice(0, 3)]).toEqual([7, 7, 0]);
    words.fill(0);
    job.live[0] = () => 8;
    pool.run(job);
    expect([...words.slice(0, 3)]).toEqual([8, 8, 0]);
    expect(failures).toEqual([]);
    pool.end();
  });

  it("that fail in a slice leave it, and all later ones, to this one", async () => {
    const { pool, words, failures } = await poolOf(fail);
    const { done, job } = twoSlices(words);
    pool.send({ jobs: [[1, sent]] });
    pool.run(job);
    expect(done.toSorted()).toEqual([0, 1]);
    await vi.waitFor(() => expect(failures).toEqual([expect.stringContaining("memory access out of bounds")]));
    pool.run(job);
    expect(done.slice(2).toSorted()).toEqual([0, 1]);
    pool.end();
  });

  it("that cannot be started, or fail at once, are told of, and this one does their work", async () => {
    const model = smallNetwork(3);
    const images = barPictures(16).images.slice(0, 64);
    const predictionOf = async (backend: Backend) => {
      const trainer = await createTrainer(model, {
        ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 1 },
      });
      return [...(await trainer.predict(images)).data];
    };
    const { least } = slicing;
    slicing.least = 1;
    const want = await predictionOf(await openWasm({ threads: 1 }));
    class None {
      constructor() {
        throw new Error("no more of them");
      }
    }
    const { getBuiltinModule } = process;
    vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) =>
      name === "node:worker_threads" ? { Worker: None } : getBuiltinModule(name),
    );
    const backend = await openWasm({ threads: 2 });
    expect(await predictionOf(backend)).toEqual(want);
    expect(backend.why).toMatch(/thread .* failed \(no more of them\)/);
    slicing.least = least;
  });

  it("that die in the middle of a slice end the backend by an error, and nobody waits for ever", async () => {
    const { getBuiltinModule } = process;
    const threads = getBuiltinModule("node:worker_threads");
    /** Takes the first slice that it finds, and is gone. */
    const script = `require("node:worker_threads").parentPort.once("message", ({ start }) => {
      const words = new Int32Array(start.control);
      for (;;) {
        const claim = Atomics.load(words, 0);
        if ((claim & 0xffff) > 0 && Atomics.compareExchange(words, 0, claim, claim - 1) === claim) process.exit();
      }
    });`;
    class Mortal extends threads.Worker {
      constructor() {
        super(script, { eval: true });
      }
    }
    vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) =>
      name === "node:worker_threads" ? { Worker: Mortal } : getBuiltinModule(name),
    );
    const [{ least }, { milliseconds }] = [slicing, patience];
    [slicing.least, patience.milliseconds] = [1, 100];
    const backend = await openWasm({ threads: 2 });
    const closed = vi.fn();
    backend.onClosed(closed);
    const predictor = await createPredictor(smallNetwork(3), { backend, batchSize: 1 });
    const images = new Float32Array(64);
    const predictions = async () => {
      // Until the other thread has been as fast as this one for once.
      for (;;) await predictor.predict(images);
    };
    await expect(predictions()).rejects.toThrow(DeviceLostError);
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.any(DeviceLostError));
    expect(backend.closed?.message).toMatch(/not come back for 0.1 s .* wasm\(\{ threads: 1 \}\)/);
    expect(await backend.lost).toBe(backend.closed);
    await expect(predictor.predict(images)).rejects.toThrow(DeviceLostError);
    [slicing.least, patience.milliseconds] = [least, milliseconds];
    backend.dispose();
  });

  it("end with their backend", async () => {
    const { getBuiltinModule } = process;
    const threads = getBuiltinModule("node:worker_threads");
    const ended: Promise<unknown>[] = [];
    class Watched extends threads.Worker {
      constructor(...given: ConstructorParameters<typeof threads.Worker>) {
        super(...given);
        ended.push(new Promise((resolve) => this.on("exit", resolve)));
      }
    }
    vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) =>
      name === "node:worker_threads" ? { Worker: Watched } : getBuiltinModule(name),
    );
    const backend = await openWasm({ threads: 3 });
    await checkTrainingAgreement(backend, 1, 1);
    expect(ended).toHaveLength(2);
    backend.dispose();
    await Promise.all(ended);
  });
});

describe("wasm({ threads })", () => {
  it.each([0, 1.5, 33, Number.NaN])("refuses %d", async (threads) => {
    await expect(wasm({ threads })).rejects.toThrow(ArgumentError);
    await expect(wasm({ threads })).rejects.toThrow(/whole number from 1 to 32, got/);
  });

  it("says how many there are, and why there is one where memory cannot be shared", async () => {
    const three = await wasm({ threads: 3 });
    expect(three.description).toBe("WebAssembly · SIMD · 3 threads");
    three.dispose();
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const asked = await wasm({ threads: 3 });
    expect(asked.description).toBe("WebAssembly · SIMD");
    expect(asked.why).toMatch(/Cross-Origin-Opener-Policy: same-origin/);
    expect((await wasm()).why).toBeUndefined();
  });

  it("has addresses of each thread", () => expect(new Own(64, 8).plus(4)).toEqual(new Own(68, 8)));
});
