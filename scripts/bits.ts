/**
 * Prints a hash of the weights of five networks after 50 steps, and the hash of the reference step's printed plan:
 *
 *     node scripts/run-ts.mjs scripts/bits.ts [--only NAME]
 *
 * For changes that must not move a bit: run it before and after, in the same environment. Hashes differ between drivers
 * and browsers, so no test can hold them.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { randomKey, randomUniform } from "../src/core/random.ts";
import {
  activation,
  adam,
  add,
  batchNormalization,
  conv2d,
  createTrainer,
  type Dataset,
  dataset,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAveragePooling2d,
  input,
  type Model,
  maxPooling2d,
  model,
  sequential,
  sgd,
  type TrainerConfig,
  webgpu,
} from "../src/index.ts";
import { testGpu } from "../test/support/gpu.ts";

const { values: options } = parseArgs({ options: { only: { type: "string" } } });

const STEPS = 50;
const SIDE = 16;

/** Noise with a bright block whose place tells the class: enough for gradients of every layer to move. */
function pictures(channels: number): Dataset {
  const count = 64;
  const key = randomKey(11);
  const labels = Int32Array.from({ length: count }, (_, index) => index % 10);
  const images = Uint8Array.from({ length: count * SIDE * SIDE * channels }, (_, index) => {
    const place = Math.floor(index / channels);
    const row = Math.floor(place / SIDE) % SIDE;
    const isBright = row === 3 + (Math.floor(place / (SIDE * SIDE)) % 10);
    return Math.floor(randomUniform(key, index) * 120) + (isBright ? 130 : 0);
  });
  return dataset({ images, labels, shape: [SIDE, SIDE, channels] });
}

const convolution = (filters: number, useBias = true) =>
  conv2d({ filters, kernelSize: 3, padding: "same", useBias, ...(useBias ? { activation: "relu" as const } : {}) });

function reference(): Model {
  return sequential({ inputShape: [SIDE, SIDE, 1], seed: 1 }, [
    convolution(32),
    maxPooling2d({ poolSize: 2 }),
    convolution(64),
    maxPooling2d({ poolSize: 2 }),
    dropout({ rate: 0.25 }),
    flatten(),
    dense({ units: 10 }),
  ]);
}

function vgg(): Model {
  return sequential({ inputShape: [SIDE, SIDE, 3], seed: 2 }, [
    convolution(8),
    convolution(8),
    maxPooling2d({ poolSize: 2 }),
    convolution(16),
    convolution(16),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 32, activation: "relu" }),
    dropout({ rate: 0.5 }),
    dense({ units: 10 }),
  ]);
}

function residual(): Model {
  const x = input([SIDE, SIDE, 1]);
  let y = activation("relu")(batchNormalization()(convolution(8, false)(x)));
  y = batchNormalization()(convolution(8, false)(y));
  const shortcut = conv2d({ filters: 8, kernelSize: 1 })(x);
  y = dropout({ rate: 0.2 })(activation("relu")(add()([y, shortcut])));
  return model({ inputs: x, outputs: dense({ units: 10 })(globalAveragePooling2d()(y)), seed: 3 });
}

function depthwise(): Model {
  return sequential({ inputShape: [SIDE, SIDE, 1], seed: 4 }, [
    conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
    depthwiseConv2d({ kernelSize: 3, padding: "same", activation: "relu" }),
    conv2d({ filters: 24, kernelSize: 1, activation: "relu" }),
    dropout({ rate: 0.2 }),
    globalAveragePooling2d(),
    dense({ units: 10 }),
  ]);
}

interface Case {
  readonly model: Model;
  readonly channels: number;
  readonly config?: Partial<TrainerConfig>;
}

const CASES: Readonly<Record<string, () => Case>> = {
  reference: () => ({ model: reference(), channels: 1 }),
  vgg: () => ({ model: vgg(), channels: 3, config: { optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }) } }),
  residual: () => ({ model: residual(), channels: 1, config: { clipNorm: 1 } }),
  depthwise: () => ({ model: depthwise(), channels: 1 }),
  mixed: () => ({ model: reference(), channels: 1, config: { precision: "mixed" } }),
};

const hash = (...parts: readonly (string | Uint8Array)[]): string => {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest("hex").slice(0, 16);
};

for (const [name, make] of Object.entries(CASES)) {
  if (options.only !== undefined && options.only !== name) continue;
  const { model: network, channels, config } = make();
  const backend = await webgpu({ gpu: await testGpu() });
  const trainer = await createTrainer(network, {
    backend,
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam(),
    batchSize: 16,
    seed: 5,
    ...config,
  });
  const data = pictures(channels);
  await trainer.fit(data, { steps: STEPS, augment: { rotate: 10, shift: 2, zoom: 0.1 } });
  await trainer.syncModel();
  const weights = [...network.parameters.values()].map(
    ({ data: { buffer, byteOffset, byteLength } }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const { dispatchesPerStep } = trainer.stats();
  const answer = await trainer.predict(data.images.subarray(0, SIDE * SIDE * channels));
  const { kernels } = await trainer.profile(data, { steps: 1 });
  const plan = kernels.map(({ layer, op, kernel, flops, bytes }) => [layer, op, kernel, flops, bytes]);
  console.log(
    `${name}: weights ${hash(...weights)}, prediction ${hash(new Uint8Array(Float32Array.from(answer.data).buffer))}, ` +
      `${dispatchesPerStep} dispatches a step, plan ${hash(JSON.stringify(plan))}`,
  );
  trainer.dispose();
  backend.dispose();
}
