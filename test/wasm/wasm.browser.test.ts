/** WebAssembly as a browser compiles it: a sample of what Node tries at length. */
import { describe, expect, it } from "vitest";
import { adam, createTrainer, wasm } from "../../src/index.ts";
import { Report } from "../conformance/suite.ts";
import { checkAgreement } from "../support/agreement.ts";
import { drawCases } from "../support/agreement_families.ts";
import { checkTrainingAgreement } from "../support/agreement_training.ts";
import { trainedWeights } from "../support/contract/bench.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const SEED = 4713;
const cases = [...drawCases(120, SEED).values()].flat();

describe("WebAssembly in a browser", async () => {
  const backend = await wasm();

  it(`agrees with the CPU reference on ${cases.length} random shapes (seed ${SEED})`, async () => {
    const report = new Report();
    await report.each(
      cases,
      ({ name }) => name,
      (one) => checkAgreement(backend, one),
    );
    expect(report.failures).toEqual([]);
    expect(report.counts.passed).toBe(cases.length);
  });

  it("trains the reference network with the CPU backend's losses", () => checkTrainingAgreement(backend, 3, 4));

  it("trains to the same bits each time", async () => {
    const runs = await Promise.all(
      [1, 2].map(async () => {
        const model = smallNetwork(3);
        const trainer = await createTrainer(model, {
          ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 16, seed: 5 },
        });
        await trainer.fit(barPictures(72), { epochs: 2 });
        const weights = await trainedWeights(trainer, model);
        trainer.dispose();
        return weights;
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
    expect(backend.bytes).toBe(0);
  });
});
