/** What is a worker's own about a trainer in a worker, in threads of Node; the contract suite has what every trainer does. */
import { Worker as Thread } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { ArgumentError, createTrainer, DisposedError, sgd, WorkerError } from "../../src/index.ts";
import {
  createWorkerTrainer,
  type NodeThread,
  type WorkerTrainer,
  type WorkerTrainerOptions,
} from "../../src/worker.ts";
import { network, PICTURE, pictures, rejection, unhandledIn } from "../support/contract/bench.ts";
import { bundleNodeWorker } from "../support/node_worker.ts";
import { importedNetwork, valuesOf } from "../support/operations.ts";

let startThread: () => NodeThread;
beforeAll(async () => {
  startThread = await bundleNodeWorker();
});

const made: WorkerTrainer[] = [];
afterEach(() => {
  for (const trainer of made.splice(0)) trainer.dispose();
});

const CONFIG: WorkerTrainerOptions = {
  loss: "sparseCategoricalCrossentropy",
  optimizer: sgd({ learningRate: 0.1 }),
  batchSize: 4,
  backend: "cpu",
};

async function trainerOn(worker: WorkerTrainerOptions["worker"] = startThread, model = network()) {
  const trainer = await createWorkerTrainer(model, { ...CONFIG, ...(worker ? { worker } : {}) });
  made.push(trainer);
  return trainer;
}

/** A thread whose script is this text. */
const threadOf = (script: string) => () => new Thread(script, { eval: true });

describe("a data set that cannot be sent", () => {
  it("is refused by the call that used it, and is not counted as sent", async () => {
    const left = await unhandledIn(async () => {
      const trainer = await trainerOn();
      const good = pictures();
      const bad = { ...good, note: () => "a function" };
      for (const call of [
        trainer.fit(bad),
        trainer.evaluate(bad),
        trainer.prepare(bad),
        trainer.profile(bad),
        trainer.fit(good, { validationData: bad }),
      ]) {
        const error = await rejection(call);
        expect(error).toBeInstanceOf(ArgumentError);
        expect(String(error)).toMatch(/the data set cannot be sent to the worker .*dataset\(\)/);
      }
      Reflect.deleteProperty(bad, "note");
      expect((await trainer.fit(bad)).stepLosses).toHaveLength(3);
      expect((await trainer.evaluate(good)).confusion).toHaveLength(3);
    });
    expect(left).toEqual([]);
  });

  it("because its arrays went elsewhere is refused too", async () => {
    const trainer = await trainerOn();
    const data = pictures();
    structuredClone(data.images, { transfer: [data.images.buffer] });
    expect(String(await rejection(trainer.evaluate(data)))).toMatch(/the data set cannot be sent .*still hold/);
  });
});

it("parameters that went with a call that could not be sent go with the next one", async () => {
  const model = network();
  const trainer = await trainerOn(startThread, model);
  const bias = Float32Array.of(5, -5, 0.25);
  model.setParameters(new Map([["scores/bias", { shape: [3], data: bias }]]), { partial: true });
  await rejection(trainer.predict((() => 1) as never));
  expect((await trainer.inspect(PICTURE)).parameters.get("scores/bias")?.data).toEqual(bias);
});

describe("a worker that fails", () => {
  it.each([
    ["throws while it loads", `throw new Error("no such host");`, /no such host/],
    ["ends by itself", "process.exit(3);", /ended with code 3/],
    [
      "throws at a message",
      `require("node:worker_threads").parentPort.on("message", () => { throw new Error("at a message"); });`,
      /at a message/,
    ],
  ])("because it %s rejects what is under way, and what comes later, with WorkerError", async (_, script, message) => {
    const left = await unhandledIn(async () => {
      const creating = createWorkerTrainer(network(), { ...CONFIG, worker: threadOf(script) });
      const error = await rejection(creating);
      expect(error).toBeInstanceOf(WorkerError);
      expect(String(error)).toMatch(message);
    });
    expect(left).toEqual([]);
  });

  it("while a trainer is in it rejects its calls with WorkerError, and dispose may still be called", async () => {
    const left = await unhandledIn(async () => {
      const thread = startThread();
      const trainer = await trainerOn(thread);
      const fitting = trainer.fit(pictures(), { epochs: 100_000 });
      await thread.terminate();
      expect(await rejection(fitting)).toBeInstanceOf(WorkerError);
      expect(await rejection(trainer.predict(PICTURE))).toBeInstanceOf(WorkerError);
      expect(() => trainer.setLearningRate(0.1)).toThrow(WorkerError);
      trainer.dispose();
      expect(await rejection(trainer.predict(PICTURE))).toBeInstanceOf(DisposedError);
    });
    expect(left).toEqual([]);
  });
});

describe("a message that makes no sense", () => {
  /** What the worker answers to a request, beside a trainer that uses it. */
  async function answersTo(requests: readonly object[]) {
    const thread = startThread();
    const trainer = await trainerOn(thread);
    const answers: { id: number; error?: { message: string } }[] = [];
    thread.on("message", (answer) => answers.push(answer as (typeof answers)[number]));
    for (const request of requests) thread.postMessage(request);
    await expect.poll(() => answers.length, { timeout: 10_000 }).toBe(requests.length);
    return { answers, trainer };
  }
  const luggage = { parameters: [], parametersSerial: 0, datasets: [], canvases: [] };

  it("is answered with an error, and the worker lives on: a handler that throws at once rejects its call", async () => {
    const { answers, trainer } = await answersTo([
      { id: 1001, call: "nonsense", sent: [], luggage },
      { id: 1002, call: "toString", sent: [], luggage },
      { id: 1003, call: "fit", sent: undefined, luggage },
      { id: 1004, call: "evaluate", sent: [{ dataset: 77 }], luggage },
      { id: 1005, call: "predict", sent: [{ value: 1 }], luggage: undefined },
      { id: 1006, call: "create", sent: undefined },
    ]);
    expect(answers.map(({ id }) => id).sort()).toEqual([1001, 1002, 1003, 1004, 1005, 1006]);
    for (const { error } of answers) expect(error?.message).toBeTypeOf("string");
    expect(answers.find(({ id }) => id === 1001)?.error?.message).toMatch(/knows no call "nonsense"/);
    expect((await trainer.predict(PICTURE)).shape).toEqual([1, 3]);
  });
});

it("a host whose entry is evaluated twice answers once", async () => {
  const start = await bundleNodeWorker("test/support/node_host_twice.ts");
  const trainer = await trainerOn(start);
  expect((await trainer.fit(pictures())).stepLosses).toHaveLength(3);
});

it("what cannot be sent in the options is refused before a worker is made, with its place", async () => {
  let started = 0;
  const worker = () => {
    started++;
    return startThread();
  };
  const own = { ...CONFIG, worker, metrics: [{ name: "own", compute: () => 1 }] } as never;
  const error = await rejection(createWorkerTrainer(network(), own));
  expect(error).toBeInstanceOf(ArgumentError);
  expect(String(error)).toMatch(
    /metrics\.0\.compute is a function.*use createTrainer on the page or in a worker script of your own/,
  );
  const plain = { ...CONFIG, worker, weightedMetrics: [() => 1] } as never;
  expect(String(await rejection(createWorkerTrainer(network(), plain)))).toMatch(/weightedMetrics\.0 is a function/);
  expect(started).toBe(0);
});

it("errors of createTrainer come from the worker as they are", async () => {
  const wrong = createWorkerTrainer(network(), { ...CONFIG, worker: startThread, loss: "no such loss" });
  expect(await rejection(wrong)).toBeInstanceOf(ArgumentError);
});

it("a model of ops and constants trains there as it does here", async () => {
  const images = valuesOf(2, 4 * 72);
  const [there, here] = [importedNetwork(), importedNetwork()];
  const trainer = await createWorkerTrainer(there, { ...CONFIG, worker: startThread });
  const { loss, optimizer, batchSize = 4 } = CONFIG;
  const local = await createTrainer(here, { loss, optimizer, batchSize, backend: cpu() });
  for (let step = 0; step < 2; step++) {
    expect(await trainer.trainOnBatch(images, [0, 1, 2, 0])).toEqual(await local.trainOnBatch(images, [0, 1, 2, 0]));
  }
  await Promise.all([trainer.syncModel(), local.syncModel()]);
  expect([...there.parameters]).toEqual([...here.parameters]);
  trainer.dispose();
  local.dispose();
});
