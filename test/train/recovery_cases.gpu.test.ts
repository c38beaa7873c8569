/** Devices that are lost at moments that are easily overlooked: the results are those of an undisturbed run. */
import { afterAll, describe, expect, it } from "vitest";
import {
  adam,
  type Backend,
  createClassifier,
  createPredictor,
  createTrainer,
  dense,
  flatten,
  type Recovered,
  sequential,
  type Trainer,
} from "../../src/index.ts";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { PICTURE, pictures, settles, weightsOf } from "../support/contract/bench.ts";
import { testGpu } from "../support/gpu.ts";

const data = pictures(12);

const network = (seed = 1) =>
  sequential({ inputShape: [4, 4, 1], seed }, [
    flatten(),
    dense({ units: 4, activation: "relu" }),
    dense({ units: 3 }),
  ]);

/** A trainer, its model, and what it was told of losses. */
async function trainerOn(backend: Backend, seed = 1) {
  const recovered: Recovered[] = [];
  const model = network(seed);
  const trainer = await createTrainer(model, {
    ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 4, seed },
    onRecovered: (each) => recovered.push(each),
  });
  return { trainer, model, recovered };
}

/** A GPU whose devices are handed to `opened` before anybody has them. */
async function gpuThatTells(opened: (device: GPUDevice) => void): Promise<GPU> {
  const gpu = await testGpu();
  const asIs = <T extends object>(target: T, own: Partial<Record<keyof T, unknown>>): T =>
    new Proxy(target, {
      get: (_, name) => {
        if (name in own) return own[name as keyof T];
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return asIs(gpu, {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await gpu.requestAdapter(options);
      return (
        adapter &&
        asIs(adapter, {
          async requestDevice(descriptor?: GPUDeviceDescriptor) {
            const device = await adapter.requestDevice(descriptor);
            opened(device);
            return device;
          },
        })
      );
    },
  });
}

async function undisturbed(seed = 1) {
  const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
  const { trainer, model } = await trainerOn(backend, seed);
  const { stepLosses } = await trainer.fit(data, { epochs: 4 });
  trainer.dispose();
  backend.dispose();
  return { stepLosses, weights: weightsOf(model) };
}

describe("a device that is lost", async () => {
  const [wanted, wantedOfOther] = [await undisturbed(1), await undisturbed(2)];
  const ends: (() => void)[] = [];
  afterAll(() => {
    for (const end of ends) end();
  });
  const open = async (gpu?: GPU): Promise<WebGpuBackend> => {
    const backend = await webgpu({ gpu: gpu ?? (await testGpu()), quickStart: false });
    ends.push(() => backend.dispose());
    return backend;
  };

  it("while a snapshot is copied: at the beginning, in the middle and at the end of a fit", async () => {
    const backend = await open();
    const { trainer, model, recovered } = await trainerOn(backend);
    const snapshot = backend.snapshot.bind(backend);
    let taken = 0;
    Object.defineProperty(backend, "snapshot", {
      value: () => {
        const arriving = snapshot();
        if (++taken % 2 === 1 && taken < 8) backend.device.destroy();
        return arriving;
      },
    });
    const { stepLosses } = await trainer.fit(data, { epochs: 4 });
    expect(stepLosses).toEqual(wanted.stepLosses);
    expect(weightsOf(model)).toEqual(wanted.weights);
    expect(recovered.length).toBeGreaterThan(0);
    trainer.dispose();
  });

  it("again and again while another takes its place: as it comes, while kernels are compiled, and right after", async () => {
    let devices = 0;
    const gpu = await gpuThatTells((device) => {
      devices++;
      if (devices === 2) device.destroy();
      const wait = devices === 3 ? "createComputePipelineAsync" : devices === 5 ? "popErrorScope" : undefined;
      if (wait === undefined) return;
      const method = device[wait].bind(device) as (...args: unknown[]) => unknown;
      Object.defineProperty(device, wait, {
        value: (...args: unknown[]) => {
          queueMicrotask(() => device.destroy());
          return method(...args);
        },
      });
    });
    const backend = await open(gpu);
    const { trainer, model, recovered } = await trainerOn(backend);
    const { stepLosses } = await trainer.fit(data, {
      epochs: 4,
      onStep: ({ step }) => {
        if (step === 4 || step === 8) backend.device.destroy();
      },
    });
    expect(stepLosses).toEqual(wanted.stepLosses);
    expect(weightsOf(model)).toEqual(wanted.weights);
    expect(recovered.length).toBeGreaterThan(0);
    expect(devices).toBeGreaterThan(3);
    trainer.dispose();
  });

  it("with several trainers, a classifier and a predictor on it, all at work", async () => {
    const backend = await open();
    const [one, other] = [await trainerOn(backend, 1), await trainerOn(backend, 2)];
    const classifier = await createClassifier(one.model, { backend });
    const predictor = await createPredictor(other.model, { backend });
    let losses = 0;
    const losing = (at: readonly number[]) => {
      const left = new Set(at);
      return ({ step }: { step: number }) => {
        if (!left.delete(step)) return;
        losses++;
        backend.device.destroy();
      };
    };
    const fits = [
      one.trainer.fit(data, { epochs: 4, onStep: losing([2, 7]) }),
      other.trainer.fit(data, { epochs: 4, onStep: losing([5]) }),
    ];
    const answers = Array.from({ length: 8 }, () => [classifier.predict(PICTURE), predictor.predict(PICTURE)]).flat();
    const [first, second] = await Promise.all(fits);
    expect(first?.stepLosses).toEqual(wanted.stepLosses);
    expect(second?.stepLosses).toEqual(wantedOfOther.stepLosses);
    expect([weightsOf(one.model), weightsOf(other.model)]).toEqual([wanted.weights, wantedOfOther.weights]);
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(answers.map(() => "fulfilled"));
    expect(losses).toBe(3);
    expect([one.recovered.length > 0, other.recovered.length > 0]).toEqual([true, true]);
    for (const each of [classifier, predictor, one.trainer, other.trainer]) each.dispose();
  });

  it("while something else is done: each call goes on to its answer", async () => {
    const backend = await open();
    const { trainer } = await trainerOn(backend);
    await trainer.fit(data, { epochs: 1 });
    const calls: [string, (trainer: Trainer) => Promise<unknown>][] = [
      ["evaluate", (trainer) => trainer.evaluate(data)],
      ["inspect", (trainer) => trainer.inspect(PICTURE)],
      ["pause", async (trainer) => void (await trainer.pause())],
    ];
    for (const [name, call] of calls) {
      const expected = await call(trainer);
      const doing = call(trainer);
      backend.device.destroy();
      expect(await settles(doing), name).toBe(true);
      expect(await doing, name).toEqual(expected);
    }
    trainer.resume();
    const profile = trainer.profile(data, { steps: 1 });
    backend.device.destroy();
    expect((await profile).kernels.length).toBeGreaterThan(0);
    trainer.dispose();
  });
});
