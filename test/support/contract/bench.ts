/** What the tests of a trainer's contract work on: one combination of where a trainer runs and what it runs on. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { cpu } from "../../../src/cpu.ts";
import {
  type Backend,
  createTrainer,
  type Dataset,
  dataset,
  dense,
  flatten,
  type Model,
  sequential,
  sgd,
  type Trainer,
  type TrainerConfig,
  wasm,
  webgpu,
} from "../../../src/index.ts";
import { createWorkerTrainer } from "../../../src/worker.ts";
import { inBrowser, testGpu } from "../gpu.ts";
import { hostWorkers } from "../host_worker.ts";

/** Where a trainer is, and what it computes with. */
export interface Combination {
  readonly where: "here" | "worker";
  readonly kind: "cpu" | "wasm" | "webgpu";
}

/** Makes trainers of one combination, which are disposed of after the test. */
export interface Bench extends Combination {
  trainer(model: Model, config?: Partial<TrainerConfig>): Promise<Trainer>;
  /** One on this thread with the same kind of backend, to hold results against. */
  trainerHere(model: Model, config?: Partial<TrainerConfig>): Promise<Trainer>;
  /** The backend of the trainers on this thread. */
  readonly backend: Backend;
}

const CONFIG: TrainerConfig = {
  ...{ loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: 4, seed: 3 },
};

/** A bench for the tests of the `describe` in which it is called. */
export function useBench({ where, kind }: Combination): Bench {
  let backend: Backend | undefined;
  let worker: Awaited<ReturnType<typeof hostWorkers>> | undefined;
  const made: Trainer[] = [];
  const here = () => {
    if (backend === undefined) throw new Error("the bench is not open");
    return backend;
  };
  beforeAll(async () => {
    if (kind === "webgpu") backend = await webgpu({ gpu: await testGpu(), quickStart: false });
    else backend = kind === "cpu" ? cpu() : await wasm();
    if (where === "worker") worker = await hostWorkers();
  });
  afterEach(() => {
    for (const trainer of made.splice(0)) trainer.dispose();
  });
  afterAll(() => backend?.dispose());

  const noted = async (making: Promise<Trainer>) => {
    const trainer = await making;
    made.push(trainer);
    return trainer;
  };
  const trainerHere: Bench["trainerHere"] = (model, config) =>
    noted(createTrainer(model, { ...CONFIG, ...config, backend: here() }));
  const trainer: Bench["trainer"] = (model, config) =>
    worker
      ? noted(createWorkerTrainer(model, { ...CONFIG, ...config, worker, backend: kind }))
      : trainerHere(model, config);
  return {
    ...{ where, kind, trainer, trainerHere },
    get backend() {
      return here();
    },
  };
}

/** Small, so that few and short kernels are compiled. */
export function network(seed = 1): Model {
  return sequential({ inputShape: [4, 4, 1], seed }, [
    flatten(),
    dense({ units: 4, activation: "relu" }),
    dense({ units: 3, name: "scores" }),
  ]);
}

/** 3 · x + 4 · y + 0.5 */
export function regression(): Model {
  const model = sequential({ inputShape: [2] }, [dense({ units: 1 })]);
  model.setParameters(
    new Map([
      ["dense/kernel", { shape: [2, 1], data: Float32Array.of(3, 4) }],
      ["dense/bias", { shape: [1], data: Float32Array.of(0.5) }],
    ]),
  );
  return model;
}

/** Pictures of 4 × 4 with one bright row: the first, second or third says the class. Three batches of `CONFIG`'s size. */
export function pictures(count = 10): Dataset {
  const images = Uint8Array.from({ length: count * 16 }, (_, index) => {
    const [picture, place] = [Math.floor(index / 16), index % 16];
    return Math.floor(place / 4) === picture % 3 ? 200 : (picture * 31 + place * 17) % 60;
  });
  return dataset({ images, labels: Array.from({ length: count }, (_, index) => index % 3), shape: [4, 4, 1] });
}

export const PICTURE = pictures(1).images;

/** All parameters of a model, one behind the other. */
export function weightsOf(model: Model): number[] {
  return [...model.parameters.values()].flatMap(({ data }) => [...data]);
}

/** Copies the trained weights out. */
export async function trainedWeights(trainer: Trainer, model: Model): Promise<number[]> {
  await trainer.syncModel();
  return weightsOf(model);
}

/** What a promise rejects with; fails where it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not reject");
}

/** What `work` leaves unhandled: rejections of promises that nobody waits for. */
export async function unhandledIn(work: () => Promise<void>): Promise<unknown[]> {
  const found: unknown[] = [];
  const inPage = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    found.push(event.reason);
  };
  const inNode = (reason: unknown) => found.push(reason);
  if (inBrowser) addEventListener("unhandledrejection", inPage);
  else process.on("unhandledRejection", inNode);
  try {
    await work();
    // They are told of in a later task.
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    if (inBrowser) removeEventListener("unhandledrejection", inPage);
    else process.off("unhandledRejection", inNode);
  }
  return found;
}

/** Resolves to whether a promise settles within a time that is long on any machine. */
export async function settles(promise: Promise<unknown>, milliseconds = 20_000): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const ended = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([ended, late]).finally(() => clearTimeout(timer));
}
