import { expect, it } from "vitest";
import { at } from "../../../src/core/at.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../../src/formats/checkpoint.ts";
import {
  adam,
  createPredictor,
  FormatError,
  loadSafetensors,
  rmsprop,
  sgd,
  toSafetensors,
} from "../../../src/index.ts";
import { type Bench, network, pictures, rejection, trainedWeights, weightsOf } from "./bench.ts";

/** Checkpoints, and averages of the weights. */
export function savingContract(bench: Bench): void {
  it("a run that a checkpoint interrupts goes on to the same bits, in another trainer too", async () => {
    const config = { optimizer: adam({ learningRate: 0.02 }) };
    const data = pictures();
    const through = await bench.trainer(network(), config);
    const want = (await through.fit(data, { epochs: 4 })).stepLosses;
    const first = await bench.trainer(network(), config);
    const early = (await first.fit(data, { epochs: 2 })).stepLosses;
    const bytes = await first.checkpoint();
    expect(bytes).toBeInstanceOf(Uint8Array);
    const second = await bench.trainer(network(9), config);
    await second.restore(bytes);
    expect(second.stats().steps).toBe(6);
    const late = (await second.fit(data, { epochs: 2 })).stepLosses;
    expect([...early, ...late]).toEqual(want);
    // Back in the first one, from where it was.
    await first.fit(data, { epochs: 1 });
    await first.restore(bytes);
    expect((await first.fit(data, { epochs: 2 })).stepLosses).toEqual(late);
  });

  it("after fit the model's parameters are the trained ones; during one, and after a batch of one's own, they refuse", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    const before = weightsOf(model);
    const refused: unknown[] = [];
    const onStep = () => {
      try {
        toSafetensors(model.parameters);
      } catch (error) {
        refused.push(error);
      }
    };
    await trainer.fit(pictures(), { onStep });
    for (const error of refused) expect(String(error)).toMatch(/ArgumentError: "dense\/kernel" .*syncModel/);
    // Steps are told in bundles; those of the last one come when the run is over.
    const trained = weightsOf(model);
    expect(trained).not.toEqual(before);
    const file = loadSafetensors(toSafetensors(model.parameters));
    const saved = loadSafetensors(await trainer.checkpoint());
    for (const [name, { data }] of file) expect(data, name).toEqual(saved.get(name)?.data);
    const predictor = await createPredictor(model, { backend: bench.backend });
    const logits = at(await predictor.predict(pictures(1).images), 0).data;
    predictor.dispose();
    const sum = logits.reduce((total, value) => total + Math.exp(value), 0);
    (await trainer.predict(pictures(1).images)).data.forEach((value, index) => {
      expect(Math.exp(logits[index] ?? 0) / sum).toBeCloseTo(value, 5);
    });

    await trainer.trainOnBatch(pictures(1).images, [0]);
    expect(() => model.parameters).toThrow(/syncModel/);
    expect(await trainedWeights(trainer, model)).not.toEqual(trained);
  });

  it("restore takes no other settings of the optimizer, no other seed and no NaN, and names them; or adopts them", async () => {
    const [model, other] = [network(), network(5)];
    const trainer = await bench.trainer(model, { optimizer: adam() });
    const settings = { optimizer: adam({ beta1: 0.5 }), seed: 8 };
    const theirs = await bench.trainer(other, settings);
    const data = pictures();
    await theirs.fit(data, { steps: 2 });
    const bytes = await theirs.checkpoint();
    const beta = await rejection(trainer.restore(bytes));
    expect(beta).toBeInstanceOf(FormatError);
    expect(String(beta)).toMatch(/beta1 0\.5.*0\.9.*adopt: true/);
    const sameRule = await bench.trainer(network(), { optimizer: adam({ beta1: 0.5 }) });
    expect(String(await rejection(sameRule.restore(bytes)))).toMatch(/FormatError.*seed 8/);
    const { config, tensors } = decodeCheckpoint(bytes);
    const spoilt = new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
    spoilt.get("dense/kernel")?.data.fill(Number.NaN);
    const withNaN = await rejection(trainer.restore(encodeCheckpoint({ config, tensors: spoilt }), { adopt: true }));
    expect(String(withNaN)).toMatch(/FormatError.*dense\/kernel/);
    expect(await trainedWeights(trainer, model)).toEqual(weightsOf(network()));
    await trainer.restore(bytes, { adopt: true });
    expect(weightsOf(model)).toEqual(weightsOf(other));
    expect((await trainer.fit(data)).stepLosses).toEqual((await theirs.fit(data)).stepLosses);
  });

  it("restore reads its bytes at the call, and refuses a foreign file, another optimizer and another model", async () => {
    const model = network();
    const trainer = await bench.trainer(model);
    const before = weightsOf(model);
    const bytes = await trainer.checkpoint();
    const foreign = [
      Uint8Array.of(1, 2, 3),
      await (await bench.trainer(network(), { optimizer: rmsprop() })).checkpoint(),
      await (await bench.trainer(network(), { batchSize: 5 })).checkpoint(),
    ];
    for (const wrong of foreign) expect(await rejection(trainer.restore(wrong))).toBeInstanceOf(FormatError);
    expect(await trainedWeights(trainer, model)).toEqual(before);
    await trainer.fit(pictures());
    const restoring = trainer.restore(bytes);
    bytes.fill(0);
    await restoring;
    expect(await trainedWeights(trainer, model)).toEqual(before);
  });

  it("swapEma exchanges weights and averages, and training puts the weights back", async () => {
    const model = network();
    const trainer = await bench.trainer(model, {
      optimizer: sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }),
    });
    expect(await rejection(trainer.swapEma())).toHaveProperty("code", "argument");
    await trainer.fit(pictures());
    const weights = await trainedWeights(trainer, model);
    const checkpoint = await trainer.checkpoint();
    await trainer.swapEma();
    const averages = await trainedWeights(trainer, model);
    expect(averages).not.toEqual(weights);
    expect(await trainer.checkpoint()).toEqual(checkpoint);
    await trainer.swapEma();
    expect(await trainedWeights(trainer, model)).toEqual(weights);
    await trainer.swapEma();
    trainer.setLearningRate(0);
    await trainer.fit(pictures(), { steps: 1 });
    expect(await trainedWeights(trainer, model)).toEqual(weights);
  });
}
