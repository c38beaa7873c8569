import { describe, expect, it } from "vitest";
import { drawMixed, mixingTable } from "../../src/core/mixing.ts";
import {
  type AugmentOptions,
  createTrainer,
  type Dataset,
  dataset,
  dense,
  flatten,
  previewAugmentation,
  sequential,
  sgd,
  type TrainerConfig,
} from "../../src/index.ts";
import { testBackend } from "../support/backend.ts";
import { barPictures } from "../support/networks.ts";

const [COUNT, BATCH, SEED] = [21, 8, 4];
const network = () => sequential({ inputShape: [8, 8, 1], seed: 2 }, [flatten(), dense({ units: 3 })]);

describe("training on mixed images", async () => {
  const backend = await testBackend();
  const bars = barPictures(COUNT);

  /** Losses and accuracies of three steps that change nothing. */
  async function measured(
    data: Dataset,
    augment: AugmentOptions,
    config: Partial<TrainerConfig> = {},
    classWeight?: number[],
  ) {
    const trainer = await createTrainer(network(), {
      ...{
        backend,
        loss: "sparseCategoricalCrossentropy",
        optimizer: sgd({ learningRate: 0 }),
        batchSize: BATCH,
        seed: SEED,
      },
      ...config,
    });
    const accuracies: (number | undefined)[] = [];
    const { stepLosses } = await trainer.fit(data, {
      ...{ epochs: 1, augment },
      ...(classWeight ? { classWeight } : {}),
      onStep: ({ accuracy }) => accuracies.push(accuracy),
    });
    return { trainer, stepLosses, accuracies };
  }

  it.each<[string, AugmentOptions]>([
    ["mixup", { mixup: 1, flip: "horizontal" }],
    ["cutMix", { cutMix: 1 }],
    ["both", { mixup: 0.4, cutMix: 0.7 }],
  ])("weighs both labels of each image by its share, also with weights and a shorter batch: %s", async (_, augment) => {
    const sampleWeights = Float32Array.from({ length: COUNT }, (__, index) => 0.5 + (index % 4) / 2);
    const classWeight = [1, 3, 0.5];
    const weighted = dataset({ images: bars.images, labels: bars.labels, shape: bars.shape, sampleWeights });
    const { trainer, stepLosses, accuracies } = await measured(weighted, augment, {}, classWeight);
    const mixing = { mixup: 0, cutMix: 0, ...augment };
    const table = mixingTable(mixing, 8, 8);
    for (const step of [0, 1, 2]) {
      const shown = await previewAugmentation(bars, augment, { backend, count: BATCH, seed: SEED, step });
      const rows = [...shown.rows];
      expect(rows).toHaveLength(step === 2 ? 5 : 8);
      const { data: probabilities } = await trainer.predict(shown.images.data);
      let [loss, right] = [0, 0];
      rows.forEach((row, place) => {
        const { share, partner } = drawMixed(mixing, table, [8, 8], {
          ...{ seed: SEED, batch: step, place, valid: rows.length },
        });
        const of = (image: number) => {
          const label = bars.labels[image] ?? 0;
          const weight = (sampleWeights[image] ?? 0) * (classWeight[label] ?? 0);
          return -weight * Math.log(probabilities[place * 3 + label] ?? 0);
        };
        loss += (share * of(row) + (1 - share) * of(rows[partner] ?? 0)) / rows.length;
        const own = probabilities.subarray(place * 3, place * 3 + 3);
        right += own.indexOf(Math.max(...own)) === bars.labels[row] ? 1 : 0;
      });
      // A few dozen roundings of sums of 64 products, and of a logarithm.
      expect(Math.abs((stepLosses[step] ?? 0) - loss)).toBeLessThan(2e-5 * Math.max(1, loss));
      expect(accuracies[step]).toBeCloseTo(right / rows.length, 6);
    }
    trainer.dispose();
  });

  it("weighs targets of numbers likewise, which is the loss of mixed targets where it is linear in them", async () => {
    const targets = Float32Array.from({ length: COUNT * 3 }, (_, index) =>
      Number(bars.labels[Math.floor(index / 3)] === index % 3),
    );
    const oneHot = dataset({ images: bars.images, targets, targetShape: [3], shape: bars.shape });
    const sparse = await measured(bars, { mixup: 1 });
    const soft = await measured(oneHot, { mixup: 1 }, { loss: "categoricalCrossentropy" });
    soft.stepLosses.forEach((loss, step) => {
      expect(Math.abs(loss - (sparse.stepLosses[step] ?? 0))).toBeLessThan(1e-5);
    });
    sparse.trainer.dispose();
    soft.trainer.dispose();
  });

  it("goes on from a checkpoint to the same bits", async () => {
    const augment: AugmentOptions = { mixup: 0.2, cutMix: 1, flip: "both", noise: 0.1, crop: 1 };
    const trainerOf = () =>
      createTrainer(network(), {
        ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd(), batchSize: BATCH, seed: SEED },
      });
    const [whole, first, second] = [await trainerOf(), await trainerOf(), await trainerOf()];
    const { stepLosses } = await whole.fit(bars, { steps: 8, augment });
    const begun = await first.fit(bars, { steps: 5, augment });
    await second.restore(await first.checkpoint());
    const ended = await second.fit(bars, { steps: 3, augment });
    expect([...begun.stepLosses, ...ended.stepLosses]).toEqual(stepLosses);
    for (const trainer of [whole, first, second]) trainer.dispose();
    backend.dispose();
  });
});
