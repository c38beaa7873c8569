import { expect, it } from "vitest";
import {
  ArgumentError,
  type Dataset,
  DivergedError,
  dataset,
  type Model,
  ShapeError,
  sgd,
} from "../../../src/index.ts";
import { type Bench, network, PICTURE, pictures, rejection, trainedWeights } from "./bench.ts";

/** The pictures as floats, and in the fourth of them a number that is not finite. */
function spoiltPictures(): Dataset {
  const { images, labels } = pictures();
  const floats = Float32Array.from(images, (value) => value / 255);
  floats[3 * 16 + 5] = Number.NaN;
  return dataset({ images: floats, labels, shape: [4, 4, 1] });
}

function fill(model: Model, name: string, value: number): void {
  const { shape, data } = model.parameters.get(name) ?? { shape: [], data: new Float32Array(0) };
  model.setParameters(new Map([[name, { shape, data: data.fill(value) }]]), { partial: true });
}

/** Steps that cannot count, and arguments that cannot be. */
export function faultsContract(bench: Bench): void {
  it("fit leaves out a batch whose step would not count, where it is told to, and says so", async () => {
    const [model, modelHere] = [network(), network()];
    const [trainer, trainerHere] = [await bench.trainer(model), await bench.trainerHere(modelHere)];
    const options = { shuffle: false, epochs: 2, onDiverge: "skip" } as const;
    const { stepLosses, divergences } = await trainer.fit(spoiltPictures(), options);
    expect(stepLosses).toHaveLength(4);
    expect(divergences?.map(({ step }) => step)).toEqual([0, 2]);
    expect((await trainerHere.fit(spoiltPictures(), options)).stepLosses).toEqual(stepLosses);
    expect(await trainedWeights(trainer, model)).toEqual(await trainedWeights(trainerHere, modelHere));
  });

  it("a step on a picture that is not finite is told and not taken: the weights are those before it, and training goes on", async () => {
    const model = network();
    const trainer = await bench.trainer(model, { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) });
    const good = pictures();
    await trainer.fit(good);
    const before = await trainedWeights(trainer, model);
    const saved = await trainer.checkpoint();
    const bad = spoiltPictures();
    const batch = bad.images.slice(3 * 16, 4 * 16);
    for (const call of [() => trainer.trainOnBatch(batch, [0]), () => trainer.fit(bad, { shuffle: false, steps: 1 })]) {
      const error = await rejection(call());
      expect(error).toBeInstanceOf(DivergedError);
      expect(error).toMatchObject({ step: 3, parameter: undefined });
      expect(String(error)).toMatch(/image 0 of the batch|Image \d+/i);
      expect(await trainedWeights(trainer, model)).toEqual(before);
      expect(trainer.stats().steps).toBe(3);
    }
    await trainer.restore(saved);
    expect((await trainer.fit(good)).stepLosses.every(Number.isFinite)).toBe(true);
  });

  it("the layer is named in which the first number appears that is not finite", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    fill(model, "dense/kernel", 3e38);
    const before = [...(model.parameters.get("scores/kernel")?.data ?? [])];
    const error = await rejection(trainer.fit(pictures()));
    expect(error).toBeInstanceOf(DivergedError);
    expect(error).toMatchObject({ code: "diverged", layer: "dense", step: 0 });
    expect(String(error)).toMatch(/layer "dense"/);
    await trainer.syncModel();
    expect([...(model.parameters.get("scores/kernel")?.data ?? [])]).toEqual(before);
  });

  it("options that nobody has, values of the wrong kind and layers that are not there are refused with what to write", async () => {
    const trainer = await bench.trainer(network());
    const data = pictures();
    const canvas = { width: 1, height: 1 } as HTMLCanvasElement;
    const calls: readonly [() => Promise<unknown>, RegExp][] = [
      [() => trainer.fit(data, { epoch: 2 } as never), /fit.*"epochs"/],
      [() => trainer.fit(data, { onStep: 3 } as never), /onStep/],
      [() => trainer.fit(data, 3 as never), /fit/],
      [() => trainer.fit(data, { epochs: 0 }), /epochs/],
      [() => trainer.fit(undefined as never), /fit|data set/],
      [() => trainer.fit(data, { validationData: 7 } as never), /validationData|data set/],
      [() => trainer.evaluate(data, { output: true } as never), /evaluate.*"outputs"/],
      [() => trainer.evaluate("data" as never), /evaluate|data set/],
      [() => trainer.inspect(PICTURE, { target: 9 }), /target/],
      [() => trainer.profile(data, { steps: 0 }), /steps/],
      [() => trainer.profile(7 as never), /profile.*data set/],
      [() => trainer.draw(PICTURE, [{ canvas, layer: "nothing" }]), /draw/],
      [() => trainer.trainOnBatch(PICTURE, [7]), /trainOnBatch|label/],
      [() => trainer.restore("bytes" as never), /restore|bytes/],
    ];
    for (const [call, message] of calls) {
      const error = await rejection(call());
      expect(error, String(message)).toHaveProperty("code");
      expect(String(error)).toMatch(message);
    }
    expect(await rejection(trainer.predict(new Float32Array(17)))).toBeInstanceOf(ShapeError);
    expect(await rejection(trainer.predict([PICTURE, PICTURE]))).toBeInstanceOf(ArgumentError);
    expect((await trainer.fit(data, { steps: 1 })).stepLosses).toHaveLength(1);
  });
}
