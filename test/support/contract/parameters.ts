import { expect, it } from "vitest";
import { loadSafetensors, type Model, type StepEvent, sgd, type Trainer } from "../../../src/index.ts";
import { type Bench, network, PICTURE, pictures, trainedWeights, weightsOf } from "./bench.ts";

/** Sets the biases of the last layer; the other parameters stay. */
function setBias(model: Model, values: readonly number[]): void {
  model.setParameters(new Map([["scores/bias", { shape: [3], data: Float32Array.from(values) }]]), { partial: true });
}

const BIAS = [5, -5, 0.25];
const BIAS_DATA = Float32Array.from(BIAS);

/** What each call sees of a bias that was set a moment ago. */
const READERS: readonly [string, (trainer: Trainer, model: Model) => Promise<unknown>][] = [
  ["inspect", async (trainer) => (await trainer.inspect(PICTURE)).parameters.get("scores/bias")?.data],
  ["checkpoint", async (trainer) => loadSafetensors(await trainer.checkpoint()).get("scores/bias")?.data],
  [
    "syncModel",
    async (trainer, model) => {
      await trainer.syncModel();
      return model.parameters.get("scores/bias")?.data;
    },
  ],
];

/** Parameters go from the model to the trainer, and come back. */
export function parametersContract(bench: Bench): void {
  it.each(READERS)("what setParameters set is what %s sees, after training too", async (_, read) => {
    const model = network();
    const trainer = await bench.trainer(model, { optimizer: sgd({ learningRate: 0.01 }) });
    setBias(model, BIAS);
    expect(await read(trainer, model)).toEqual(BIAS_DATA);
    await trainer.fit(pictures(), { steps: 1 });
    await trainer.syncModel();
    setBias(model, BIAS);
    expect(await read(trainer, model)).toEqual(BIAS_DATA);
    // And it stays so for who asks later.
    expect(await read(trainer, model)).toEqual(BIAS_DATA);
  });

  it("what setParameters set is what predict, evaluate, profile, swapEma and fit work with", async () => {
    const model = network();
    const trainer = await bench.trainer(model, { optimizer: sgd({ learningRate: 0.01, useEma: true }) });
    const data = pictures(9);
    const oneClass = async (bias: readonly number[]) => {
      const { confusion } = await trainer.evaluate(data);
      return confusion.every((row) => row[bias.indexOf(Math.max(...bias))] === 3);
    };
    setBias(model, [90, 0, 0]);
    expect(await oneClass([90, 0, 0])).toBe(true);
    setBias(model, [0, 90, 0]);
    expect((await trainer.predict(PICTURE)).data[1]).toBeCloseTo(1, 5);
    setBias(model, [0, 0, 90]);
    await trainer.trainOnBatch(PICTURE, [2]);
    expect(await oneClass([0, 0, 90])).toBe(true);
    setBias(model, [90, 0, 0]);
    await trainer.profile(data, { steps: 1 });
    expect(await oneClass([90, 0, 0])).toBe(true);
    setBias(model, [0, 90, 0]);
    const { stepLosses } = await trainer.fit(data, { steps: 1 });
    expect(stepLosses[0]).toBeGreaterThan(10);
    expect(await oneClass([0, 90, 0])).toBe(true);
    // The averages are of the steps; the weights that make room for them are those set here.
    setBias(model, [0, 0, 90]);
    await trainer.swapEma();
    await trainer.swapEma();
    expect(await oneClass([0, 0, 90])).toBe(true);
  });

  it("setParameters of some leaves the others as training made them", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    await trainer.fit(pictures());
    const before = loadSafetensors(await trainer.checkpoint());
    setBias(model, BIAS);
    const after = loadSafetensors(await trainer.checkpoint());
    expect(after.get("scores/bias")?.data).toEqual(BIAS_DATA);
    for (const name of ["dense/kernel", "dense/bias", "scores/kernel"]) {
      expect(after.get(name)?.data, name).toEqual(before.get(name)?.data);
    }
  });

  it("what is set while syncModel reads is not overwritten by what it read", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    await trainer.fit(pictures());
    const reading = trainer.syncModel();
    setBias(model, BIAS);
    await reading;
    expect(model.parameters.get("scores/bias")?.data).toEqual(BIAS_DATA);
    expect((await trainer.inspect(PICTURE)).parameters.get("scores/bias")?.data).toEqual(BIAS_DATA);
    expect(await trainedWeights(trainer, model)).toEqual(weightsOf(model));
    expect(model.parameters.get("scores/bias")?.data).toEqual(BIAS_DATA);
  });

  it("a running fit takes over what is set meanwhile", async () => {
    const model = network();
    const trainer = await bench.trainer(model, { optimizer: sgd({ learningRate: 0 }) });
    const controller = new AbortController();
    let isSet = false;
    let largest = 0;
    const onStep = ({ loss }: StepEvent) => {
      if (!isSet) setBias(model, [90, 0, 0]);
      isSet = true;
      largest = Math.max(largest, loss);
      if (largest > 10) controller.abort();
    };
    const fitting = trainer.fit(pictures(), { epochs: 20_000, onStep, signal: controller.signal });
    await fitting.catch(() => undefined);
    expect(largest).toBeGreaterThan(10);
  });

  it("syncModel brings the trained weights, and the model's arrays are its own", async () => {
    const model = network();
    const before = weightsOf(model);
    const trainer = await bench.trainer(model);
    await trainer.fit(pictures());
    const after = await trainedWeights(trainer, model);
    expect(after).not.toEqual(before);
    expect(after).toEqual([...(await trainer.inspect(PICTURE)).parameters.values()].flatMap(({ data }) => [...data]));
    model.parameters.get("scores/bias")?.data.fill(7);
    expect(await trainedWeights(trainer, model)).toEqual(after);
  });
}
