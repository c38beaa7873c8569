import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { adam, adamw, type Backend, createTrainer, type Optimizer, sgd } from "../../src/index.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkTrainingAgreement } from "../support/agreement_training.ts";
import { trainedWeights } from "../support/contract/bench.ts";
import { barPictures, residualNetwork, smallNetwork } from "../support/networks.ts";

const SETTINGS = { loss: "sparseCategoricalCrossentropy", batchSize: 16, seed: 5 } as const;

async function trained(backend: Backend, optimizer: Optimizer, epochs = 2, make = smallNetwork) {
  const model = make(3);
  const trainer = await createTrainer(model, { ...SETTINGS, backend, optimizer });
  await trainer.fit(barPictures(72), { epochs });
  const weights = await trainedWeights(trainer, model);
  const checkpoint = await trainer.checkpoint();
  trainer.dispose();
  return { weights, checkpoint };
}

describe("training on WebAssembly", () => {
  it("of the reference network has the CPU backend's losses", async () => {
    const backend = await openWasm();
    await checkTrainingAgreement(backend, 5, 2);
    backend.dispose();
  });

  it("has the same bits each time, whatever else lies in the memory", async () => {
    const [fresh, used] = [await openWasm(), await openWasm()];
    await trained(used, sgd({ learningRate: 0.1 }), 1, residualNetwork);
    const [one, two] = [await trained(fresh, adam()), await trained(used, adam())];
    expect(one.weights).toEqual(two.weights);
    fresh.dispose();
    used.dispose();
  });

  const RULES: readonly (readonly [string, Optimizer])[] = [
    ["Adam, ε as Keras has it", adam({ learningRate: 0.01 })],
    ["AdamW", adamw({ learningRate: 0.01, weightDecay: 0.1 })],
    ["SGD", sgd({ learningRate: 0.1, weightDecay: 0.01 })],
    ["SGD with Nesterov's momentum", sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
    ["SGD with momentum", sgd({ learningRate: 0.05, momentum: 0.9 })],
  ];

  it.each(RULES)("by %s ends near the CPU backend's weights, with clipped gradients too", async (_, optimizer) => {
    const backend = await openWasm();
    const weights = await Promise.all(
      [backend, cpu()].flatMap((on) =>
        [{}, { clipNorm: 0.5 }].map(async (clip) => {
          const model = smallNetwork(3);
          const trainer = await createTrainer(model, { ...SETTINGS, ...clip, backend: on, optimizer });
          await trainer.fit(barPictures(72), { steps: 6 });
          const result = await trainedWeights(trainer, model);
          trainer.dispose();
          return result;
        }),
      ),
    );
    const [plain = [], clipped = [], wantPlain = [], wantClipped = []] = weights;
    const distance = (a: readonly number[], b: readonly number[]) =>
      Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
    expect(distance(wantPlain, wantClipped)).toBeGreaterThan(1e-3);
    // Six steps, each a rounding of sums of a few hundred products, of weights below 1.
    expect(distance(plain, wantPlain)).toBeLessThan(2e-5);
    expect(distance(clipped, wantClipped)).toBeLessThan(2e-5);
    backend.dispose();
  });

  it("goes on from a checkpoint of the CPU backend, and the other way round", async () => {
    const backend = await openWasm();
    for (const [first, second] of [
      [backend, cpu()],
      [cpu(), backend],
    ] as const) {
      const { checkpoint, weights } = await trained(first, adam());
      const model = smallNetwork(9);
      const trainer = await createTrainer(model, { ...SETTINGS, backend: second, optimizer: adam() });
      await trainer.restore(checkpoint);
      expect(await trainedWeights(trainer, model)).toEqual(weights);
      await trainer.fit(barPictures(72), { epochs: 1 });
      trainer.dispose();
    }
    expect(backend.bytes).toBe(0);
    backend.dispose();
  });
});
