import { expect, it } from "vitest";
import {
  ArgumentError,
  adam,
  dataset,
  type EpochEvent,
  earlyStopping,
  type FitOptions,
  type History,
  oneCycle,
  reduceOnPlateau,
  type StepEvent,
  sgd,
  stepDecay,
} from "../../../src/index.ts";
import { type Bench, network, PICTURE, pictures, rejection, trainedWeights, unhandledIn, weightsOf } from "./bench.ts";

/** Steps, epochs, listeners, learning rates. */
export function trainingContract(bench: Bench): void {
  it("fit learns, and gives the bits that a trainer on this thread gives", async () => {
    const [model, modelHere] = [network(), network()];
    const trainer = await bench.trainer(model);
    const trainerHere = await bench.trainerHere(modelHere);
    const got = await trainer.fit(pictures(), { epochs: 8 });
    const want = await trainerHere.fit(pictures(), { epochs: 8 });
    expect(got.stepLosses).toEqual(want.stepLosses);
    expect(await trainedWeights(trainer, model)).toEqual(await trainedWeights(trainerHere, modelHere));
    expect(got.epochs[7]?.loss).toBeLessThan(0.9 * (got.epochs[0]?.loss ?? 0));
    const timeless = (epochs: readonly EpochEvent[]) => epochs.map(({ seconds, ...rest }) => rest);
    expect(timeless(got.epochs)).toEqual(timeless(want.epochs));
  });

  it("takes batches in parts where it is told to, and says in how many", async () => {
    const [model, modelHere] = [network(), network()];
    const trainer = await bench.trainer(model, { microBatches: 3 });
    const trainerHere = await bench.trainerHere(modelHere, { microBatches: 3 });
    const got = await trainer.fit(pictures(), { epochs: 2 });
    expect(got.stepLosses).toEqual((await trainerHere.fit(pictures(), { epochs: 2 })).stepLosses);
    expect(await trainedWeights(trainer, model)).toEqual(await trainedWeights(trainerHere, modelHere));
    expect(trainer.stats().microBatches).toBe(3);
    const refused = await rejection(bench.trainer(network(), { microBatches: 0 }));
    expect(refused).toBeInstanceOf(ArgumentError);
  });

  it("tells of every step and epoch, in order, with what History keeps and evaluate finds", async () => {
    const trainer = await bench.trainer(network(), { metrics: ["accuracy"] });
    const [data, held] = [pictures(), pictures(6)];
    const told: (StepEvent | EpochEvent)[] = [];
    const note = (event: StepEvent | EpochEvent) => told.push(event);
    const history = await trainer.fit(data, { epochs: 2, validationData: held, onStep: note, onEpoch: note });
    const steps = told.filter((event) => "step" in event);
    const epochs = told.filter((event) => !("step" in event));
    expect(
      steps.map(({ step, epoch, stepInEpoch, stepsPerEpoch }) => [step, epoch, stepInEpoch, stepsPerEpoch]),
    ).toEqual([0, 1, 2, 3, 4, 5].map((step) => [step, Math.floor(step / 3), step % 3, 3]));
    expect(steps.map(({ loss }) => loss)).toEqual(history.stepLosses);
    expect(epochs).toEqual(history.epochs);
    // Each epoch comes behind its last step.
    expect(told.map((event) => ("step" in event ? "step" : "epoch")).join()).toBe(
      "step,step,step,epoch,step,step,step,epoch",
    );
    const { loss, accuracy, metrics } = await trainer.evaluate(held);
    expect(history.epochs[1]).toMatchObject({
      ...{ epoch: 1, validationLoss: loss, validationAccuracy: accuracy, validationMetrics: metrics },
      learningRate: expect.closeTo(0.1, 6),
    });
    expect(steps[5]?.secondsLeft).toBe(0);
    expect(steps[5]?.metrics["accuracy"]).toBe(steps[5]?.accuracy);
  });

  it("fit takes whole passes, counted from now, and as many steps as it is told", async () => {
    const trainer = await bench.trainer(network());
    const data = pictures();
    const taken = async (options: FitOptions) => {
      const { stepLosses, epochs } = await trainer.fit(data, options);
      return [stepLosses.length, epochs.length];
    };
    // Three steps are a pass.
    expect(await taken({ steps: 2 })).toEqual([2, 0]);
    expect(await taken({})).toEqual([3, 1]);
    expect(await taken({ steps: 8 })).toEqual([8, 3]);
    expect(await taken({ epochs: 2, steps: 4 })).toEqual([4, 1]);
    expect(await taken({ epochs: 2 })).toEqual([6, 2]);
    expect(trainer.stats().steps).toBe(23);
  });

  it("fit ends after so many seconds of training, of which a pause is none; earlier where its steps are over", async () => {
    const data = pictures();
    /** A fit of so many seconds that is paused in the middle, and the steps it had taken by then. */
    const paused = async (limit: number) => {
      const trainer = await bench.trainer(network());
      let pausing: Promise<void> | undefined;
      const began = performance.now();
      const fitting = trainer.fit(data, {
        seconds: limit,
        onStep: () => {
          pausing ??= trainer.pause();
        },
      });
      await expect.poll(() => pausing !== undefined, { timeout: 20_000 }).toBe(true);
      await pausing;
      const [held, taken] = [performance.now(), trainer.stats().steps];
      await new Promise((resolve) => setTimeout(resolve, 300));
      trainer.resume();
      const resumed = performance.now();
      const { seconds, stepLosses } = await fitting;
      expect(seconds).toBeGreaterThanOrEqual(limit);
      expect(seconds).toBeLessThanOrEqual((performance.now() - began - (resumed - held)) / 1000);
      // All steps that were taken are told.
      expect(trainer.stats().steps).toBe(stepLosses.length);
      return { trainer, taken, stepLosses };
    };
    let limit = 0.2;
    let run = await paused(limit);
    // It goes on behind the pause, unless the first steps alone took a slow machine that long: then with more time.
    while (run.stepLosses.length === run.taken && limit < 20) {
      run.trainer.dispose();
      limit *= 4;
      run = await paused(limit);
    }
    const { trainer, taken, stepLosses } = run;
    expect(stepLosses.length).toBeGreaterThan(taken);
    const want = await (await bench.trainerHere(network())).fit(data, { steps: stepLosses.length });
    expect(stepLosses).toEqual(want.stepLosses);
    expect((await trainer.fit(data, { seconds: 3600, steps: 7 })).stepLosses).toHaveLength(7);
    for (const wrong of [0, -1, Number.NaN]) {
      const error = await rejection(trainer.fit(data, { seconds: wrong }));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(String(error)).toContain("fit: seconds must be more than 0");
    }
  });

  it("options of fit count: another validation, a share of the data, weights of classes, an early end", async () => {
    const config = { metrics: ["accuracy"], weightedMetrics: ["accuracy"] };
    const [trainer, here] = [await bench.trainer(network(), config), await bench.trainerHere(network(), config)];
    const { images, labels, shape } = pictures();
    const weighted = dataset({ images, labels, shape, sampleWeights: [9, 1, 1, 1, 1, 1, 1, 1, 1, 1] });
    const settings: readonly FitOptions[] = [
      { validationSplit: 0.2, epochs: 2 },
      { validationData: weighted, classWeight: [1, 2, 0.5], shuffle: false },
      {
        augment: {
          ...{ shift: 1, rotate: 10, flip: "both", crop: 1, fill: "nearest", fillValue: 0.5 },
          ...{ contrast: 0.2, brightness: 0.2, noise: 0.1, cutout: 0.5 },
        },
        reduceOnPlateau: reduceOnPlateau({ monitor: "loss", patience: 0 }),
      },
      { augment: { mixup: 0.2, cutMix: 1 }, classWeight: [1, 2, 0.5] },
      { epochs: 30, earlyStopping: earlyStopping({ monitor: "loss", patience: 1, minDelta: 1 }) },
    ];
    for (const options of settings) {
      const [got, want] = [await trainer.fit(weighted, options), await here.fit(weighted, options)];
      const timeless = ({ epochs, seconds: _, ...rest }: History) => ({
        ...rest,
        epochs: epochs.map(({ seconds, ...one }) => one),
      });
      expect(timeless(got)).toEqual(timeless(want));
    }
    const { metrics } = await trainer.evaluate(weighted);
    expect(Object.keys(metrics)).toEqual(["accuracy", "weightedAccuracy"]);
    expect(metrics["weightedAccuracy"]).not.toBe(metrics["accuracy"]);
  });

  it("stats are of now: steps, the data set's bytes, what a step is made of, and on what it runs", async () => {
    const trainer = await bench.trainer(network());
    expect(trainer.stats().steps).toBe(0);
    expect(trainer.stats().backend).toMatch({ cpu: /CPU/, wasm: /WebAssembly/, webgpu: /WebGPU/ }[bench.kind]);
    const data = pictures();
    await trainer.prepare(data);
    // A CPU run holds nothing on a GPU.
    const onGpu = bench.kind === "webgpu";
    expect(trainer.stats()).toMatchObject({ steps: 0, datasetBytes: onGpu ? 10 * 16 + 10 * 4 : 0 });
    let during = 0;
    await trainer.fit(data, {
      onEpoch: () => {
        during = trainer.stats().steps;
      },
    });
    expect(during).toBe(3);
    const { dispatchesPerStep, flopsPerStep, steps, gpuBytes, submitsPerStep } = trainer.stats();
    expect(steps).toBe(3);
    expect(dispatchesPerStep).toBeGreaterThan(2);
    // Two multiply-adds a weight and image, forwards alone.
    expect(flopsPerStep).toBeGreaterThan(4 * 2 * (16 * 4 + 4 * 3));
    if (onGpu) expect(gpuBytes).toBeGreaterThan(200);
    else expect(gpuBytes).toBe(0);
    expect(submitsPerStep).toBeLessThanOrEqual(1);
    await trainer.release(data);
    expect(trainer.stats().datasetBytes).toBe(0);
  });

  it("prepare changes no weights, and shares its work with a fit that is called meanwhile", async () => {
    const model = network();
    const before = weightsOf(model);
    const trainer = await bench.trainer(model);
    const data = pictures();
    await trainer.prepare(data, { shuffle: false });
    expect(trainer.stats().steps).toBe(0);
    expect(await trainedWeights(trainer, model)).toEqual(before);
    const preparing = trainer.prepare(data);
    const fitting = trainer.fit(data, { steps: 1 });
    await preparing;
    expect((await fitting).stepLosses).toHaveLength(1);
    expect(trainer.stats().steps).toBe(1);
  });

  it("a second fit, and prepare during one, are refused; the first goes on", async () => {
    const trainer = await bench.trainer(network());
    const data = pictures();
    const controller = new AbortController();
    const fitting = rejection(trainer.fit(data, { epochs: 100_000, signal: controller.signal }));
    expect(await rejection(trainer.fit(data))).toBeInstanceOf(ArgumentError);
    expect(await rejection(trainer.prepare(data))).toBeInstanceOf(ArgumentError);
    expect(await rejection(trainer.restore(new Uint8Array(8)))).toBeInstanceOf(ArgumentError);
    const { steps } = trainer.stats();
    await expect.poll(() => trainer.stats().steps, { timeout: 20_000 }).toBeGreaterThan(steps);
    controller.abort("enough");
    expect(await fitting).toBe("enough");
  });

  it.each(["onStep", "onEpoch"] as const)(
    "an %s that throws ends fit with that very error, is not called again, and the trainer goes on",
    async (listener) => {
      const trainer = await bench.trainer(network());
      const data = pictures();
      const thrown = new Error("of the listener");
      let calls = 0;
      const throwing = () => {
        calls++;
        if (calls === 2) throw thrown;
      };
      const left = await unhandledIn(async () => {
        expect(await rejection(trainer.fit(data, { epochs: 60, [listener]: throwing }))).toBe(thrown);
      });
      expect(left).toEqual([]);
      expect(calls).toBe(2);
      expect((await trainer.fit(data, { steps: 2 })).stepLosses).toHaveLength(2);
      expect(calls).toBe(2);
    },
  );

  it("abort rejects with its very reason; the steps so far are kept and told of, and the trainer goes on", async () => {
    const trainer = await bench.trainer(network());
    const data = pictures();
    for (const reason of [{ my: "reason" }, "a text", new Error("an error")]) {
      const controller = new AbortController();
      const first = trainer.stats().steps;
      let last = -1;
      const onStep = ({ step }: StepEvent) => {
        last = step;
        if (step === first + 1) controller.abort(reason);
      };
      const fitting = trainer.fit(data, { epochs: 1000, signal: controller.signal, onStep });
      expect(await rejection(fitting)).toBe(reason);
      expect(trainer.stats().steps).toBe(last + 1);
    }
    const controller = new AbortController();
    controller.abort();
    const { steps } = trainer.stats();
    const refused = await rejection(trainer.fit(data, { signal: controller.signal }));
    expect(refused).toBe(controller.signal.reason);
    expect(await rejection(trainer.evaluate(data, { signal: controller.signal }))).toBe(controller.signal.reason);
    expect(await rejection(trainer.prepare(data, { signal: controller.signal }))).toBe(controller.signal.reason);
    expect(trainer.stats().steps).toBe(steps);
    expect((await trainer.fit(data, { steps: 1 })).stepLosses).toHaveLength(1);
  });

  it("a changed learning rate holds from the next step on; a schedule counts all steps", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    const data = pictures();
    await trainer.fit(data);
    const before = await trainedWeights(trainer, model);
    trainer.setLearningRate(0);
    await trainer.fit(data);
    expect(await trainedWeights(trainer, model)).toEqual(before);
    trainer.setLearningRate(stepDecay({ initialLearningRate: 0.5, stepSize: 9, factor: 0.5 }));
    const { epochs } = await trainer.fit(data, { epochs: 2 });
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([0.25, 0.25]);
  });

  it("a learning rate that cannot be is refused at once, and leaves nothing behind", async () => {
    const left = await unhandledIn(async () => {
      const trainer = await bench.trainer(network(), { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) });
      const cycle = oneCycle({ maxLearningRate: 0.1, totalSteps: 10, cycleMomentum: true });
      expect(() => trainer.setLearningRate(cycle)).toThrow(ArgumentError);
      expect(() => trainer.setLearningRate(cycle)).toThrow(/momentum/);
      expect(() => trainer.setLearningRate(-1)).toThrow(ArgumentError);
      expect(() => trainer.setLearningRate("fast" as never)).toThrow(ArgumentError);
      expect((await trainer.fit(pictures(), { steps: 1 })).epochs).toEqual([]);
    });
    expect(left).toEqual([]);
  });

  it("trainOnBatch takes one step on a batch or less, and tells the loss before it", async () => {
    const model = network();
    const trainer = await bench.trainer(model, { optimizer: adam({ learningRate: 0.05 }) });
    const { images, labels } = pictures(4);
    const first = await trainer.trainOnBatch(images, labels);
    const { loss } = await trainer.evaluate(pictures(4));
    const second = await trainer.trainOnBatch(images, [...labels]);
    expect(second.loss).toBeCloseTo(loss, 5);
    expect(second.loss).toBeLessThan(first.loss);
    expect(first.accuracy).toBeGreaterThanOrEqual(0);
    await trainer.trainOnBatch(PICTURE, [0]);
    expect(trainer.stats().steps).toBe(3);
    const tooMany = pictures(5);
    const error = await rejection(trainer.trainOnBatch(tooMany.images, tooMany.labels));
    expect(String(error)).toMatch(/trainOnBatch/);
    expect(error).toHaveProperty("code");
  });

  it("settled resolves, and a data set of another shape is refused by name", async () => {
    const trainer = await bench.trainer(network());
    await trainer.fit(pictures(), { steps: 1 });
    await trainer.settled();
    const wrong = dataset({ images: new Uint8Array(18), labels: [0, 1], shape: [3, 3, 1] });
    const calls = [
      () => trainer.fit(wrong),
      () => trainer.evaluate(wrong),
      () => trainer.prepare(wrong),
      () => trainer.profile(wrong),
    ];
    for (const call of calls) expect(await rejection(call())).toHaveProperty("code", "shape");
  });
}
