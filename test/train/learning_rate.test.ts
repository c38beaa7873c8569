import { expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { cosineDecay, createTrainer, polynomialDecay, sgd } from "../../src/index.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const weights = (model: ReturnType<typeof smallNetwork>) =>
  [...model.parameters.values()].flatMap(({ data }) => [...data]);

it("a schedule ends where it says, and a new rate takes over", async () => {
  const model = smallNetwork();
  const trainer = await createTrainer(model, {
    backend: cpu(),
    loss: "sparseCategoricalCrossentropy",
    optimizer: sgd({ learningRate: polynomialDecay({ initialLearningRate: 0.1, decaySteps: 2, holdSteps: 2 }) }),
    batchSize: 8,
  });
  const seen: number[][] = [];
  const epoch = async () => {
    await trainer.fit(barPictures(16), { epochs: 1 });
    await trainer.syncModel();
    seen.push(weights(model));
  };
  // Two steps an epoch: at full rate, on the way down, at zero, at zero again, at the new rate.
  for (let i = 0; i < 4; i++) await epoch();
  expect(seen[0]).not.toEqual(seen[1]);
  expect(seen[2]).toEqual(seen[1]);
  expect(seen[3]).toEqual(seen[1]);
  trainer.setLearningRate(0.05);
  await epoch();
  expect(seen[4]).not.toEqual(seen[3]);
  expect(() => trainer.setLearningRate(-1)).toThrow(/learningRate must be a number of at least 0 or a schedule/);
  trainer.setLearningRate(cosineDecay({ initialLearningRate: 0.05, decaySteps: 10 }));
  await epoch();
  // Ten steps are over: the new schedule counts them and stands at its end.
  expect(seen[5]).toEqual(seen[4]);
  trainer.dispose();
});
