/**
 * `npm run example:digits -- --epochs 8`: trains the network of examples/digit-pad/digits.safetensors on MNIST, shifted, turned and
 * zoomed by lot, with drawn 1s among its 1s (demo/written_ones.ts), and writes the file.
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { AUGMENT } from "../demo/setup.ts";
import { withWrittenOnes } from "../demo/written_ones.ts";
import {
  adam,
  bestBackend,
  conv2d,
  createTrainer,
  dense,
  flatten,
  idx,
  maxPooling2d,
  oneCycle,
  saveModel,
  sequential,
} from "../src/index.ts";
import { mnistFile } from "../test/support/mnist_files.ts";

const { values } = parseArgs({ options: { epochs: { type: "string", default: "8" } } });
const epochs = Number(values.epochs);
const digits = (part: string) =>
  idx({ images: mnistFile(`${part}-images-idx3-ubyte`), labels: mnistFile(`${part}-labels-idx1-ubyte`) });
const [train, test] = [await withWrittenOnes(digits("train")), digits("t10k")];
const BATCH = 128;
const block = (filters: number) => [
  conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" }),
  maxPooling2d({ poolSize: 2 }),
];
// 17,098 weights: 7 × 7 and then 3 × 3 places of 32 features.
const model = sequential({ inputShape: [28, 28, 1], seed: 1 }, [
  ...[16, 32, 32].flatMap(block),
  flatten(),
  dense({ units: 10, activation: "softmax" }),
]);
const optimizer = adam({
  learningRate: oneCycle({ maxLearningRate: 0.006, totalSteps: epochs * Math.ceil(train.count / BATCH) }),
});
const trainer = await createTrainer(model, {
  backend: await bestBackend(),
  ...{ loss: "sparseCategoricalCrossentropy", optimizer, batchSize: BATCH },
});
await trainer.fit(train, {
  ...{ epochs, augment: AUGMENT },
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`),
});
const { accuracy = 0 } = await trainer.evaluate(test);
await trainer.syncModel();
const bytes = saveModel(model);
writeFileSync(resolve(import.meta.dirname, "../examples/digit-pad/digits.safetensors"), bytes);
console.log(`${(100 * accuracy).toFixed(2)} % of ${test.count} test digits; ${bytes.length} bytes`);
process.exit(0);
