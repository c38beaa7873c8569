/** A small form of `npm run transfer`: what a network has learnt of some digits helps with others, of which there are few. */
import { expect, it } from "vitest";
import {
  adam,
  conv2d,
  createTrainer,
  type Dataset,
  dense,
  features,
  flatten,
  freeze,
  type Model,
  maxPooling2d,
  sequential,
  splitAt,
  subset,
  upTo,
  withHead,
} from "../../src/index.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { mnistSmall } from "../support/mnist_small.ts";

/** The images of five digits from `first` on, at most `most` each, their labels from 0 on. */
function fiveDigits(whole: Dataset, first: number, most = whole.count, skip = 0): Dataset {
  const rows: number[] = [];
  const counts = new Map<number, number>();
  whole.labels.forEach((label, row) => {
    const seen = counts.get(label) ?? 0;
    counts.set(label, seen + 1);
    if (label >= first && label < first + 5 && seen >= skip && seen < skip + most) rows.push(row);
  });
  const part = subset(whole, rows);
  return { ...part, labels: part.labels.map((label) => label - first), classes: 5 };
}

it("convolutions that learnt 0 to 4, frozen, learn 5 to 9 from five of each better than a network from scratch", async () => {
  const backend = await openWasm();
  const [train, test] = [await mnistSmall("train"), await mnistSmall("test")];
  const trainerOf = (model: Model, seed: number) =>
    createTrainer(model, {
      ...{
        backend,
        loss: "sparseCategoricalCrossentropy",
        optimizer: adam({ learningRate: 0.003 }),
        batchSize: 25,
        seed,
      },
    });
  const learn = async (model: Model, data: Dataset, epochs: number, seed = 1) => {
    const trainer = await trainerOf(model, seed);
    await trainer.fit(data, { epochs });
    trainer.dispose();
    return model;
  };
  const network = (seed: number) =>
    sequential({ inputShape: [28, 28, 1], seed }, [
      conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu" }),
      maxPooling2d({ poolSize: 2, name: "maps" }),
      flatten(),
      dense({ units: 5 }),
    ]);
  const others = fiveDigits(test, 5);
  const right = async (model: Model) => {
    const trainer = await trainerOf(model, 1);
    const { accuracy = 0 } = await trainer.evaluate(others);
    trainer.dispose();
    return accuracy;
  };
  const source = await learn(network(1), fiveDigits(train, 0), 5);
  const [scratch, transferred]: [number[], number[]] = [[], []];
  for (const seed of [1, 2, 3]) {
    const few = fiveDigits(train, 5, 5, 10 * seed);
    scratch.push(await right(await learn(network(seed), few, 30, seed)));
    const made = withHead(freeze(upTo(source, "maps")), [flatten(), dense({ units: 5 })], { seed });
    const { base, head } = splitAt(made, "maps");
    await learn(head, await features(base, few, { backend }), 30, seed);
    made.setParameters(head.parameters, { partial: true });
    transferred.push(await right(made));
  }
  backend.dispose();
  console.log({ scratch, transferred });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(transferred)).toBeGreaterThan(mean(scratch) + 0.01);
});
