import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { adam } from "../../src/nn/optimizers.ts";
import { createTrainer } from "../../src/train/create_trainer.ts";
import { referenceNetwork } from "./networks.ts";
import { RandomData } from "./random.ts";

const BATCH = 8;
const PIXELS = 28 * 28;

/** The loss before each training step of the reference network, and after the last: of a new batch each time. */
async function losses(backend: Backend, steps: number, seed: number): Promise<number[]> {
  const random = new RandomData(seed);
  const trainer = await createTrainer(referenceNetwork(seed), {
    backend,
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: 1e-3 }),
    batchSize: BATCH,
  });
  const draw = () => ({
    images: Float32Array.from(random.normals(BATCH * PIXELS)),
    labels: Array.from({ length: BATCH }, () => random.integer(0, 9)),
  });
  const seen: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const { images, labels } = draw();
    seen.push((await trainer.trainOnBatch(images, labels)).loss);
  }
  trainer.dispose();
  return seen;
}

/** A few of the reference network's training steps with Adam: each loss as on the CPU backend, to a ten-thousandth. */
export async function checkTrainingAgreement(backend: Backend, steps = 5, seed = 1): Promise<void> {
  const [got, want] = [await losses(backend, steps, seed), await losses(cpu(), steps, seed)];
  want.forEach((expected, step) => {
    const actual = got[step] ?? Number.NaN;
    if (!(Math.abs(actual - expected) <= 1e-4 * expected)) {
      throw new Error(`loss after ${step} steps is ${actual}, the CPU backend's ${expected}`);
    }
  });
}
