/** A network that PyTorch exported, read and trained here, against what PyTorch makes of it (draw.py). */
import type { Backend } from "../../../src/graph/backend.ts";
import { adam, createPredictor, createTrainer, sgd } from "../../../src/index.ts";
import { loadOnnx } from "../../../src/onnx.ts";
import { expectWithin } from "../suite.ts";

interface Encoded {
  readonly shape: readonly number[];
  /** Base64 of f32. */
  readonly data: string;
}

/** A line of draw.py. */
export interface TorchNetwork {
  readonly seed: number;
  readonly torch: string;
  readonly opset: number;
  readonly optimizer: "sgd" | "adam";
  /** The ONNX file, base64. */
  readonly file: string;
  /** One batch. */
  readonly inputs: readonly Encoded[];
  /** Of that batch in evaluation: scores, and perhaps an image. */
  readonly outputs: readonly Encoded[];
  /** What the scores are to say. */
  readonly labels: readonly number[];
  /** What the image is to be, of its shape. */
  readonly image?: string;
  /** Of each training step on that batch. */
  readonly losses: readonly number[];
}

/** Relative to the largest value, and of a loss. */
const TOLERANCE = 1e-4;

const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const floatsOf = (text: string) => new Float32Array(bytesOf(text).buffer);

/** Images of NCHW as NHWC; other ranks as they are. */
function channelsLast({ shape, data }: Encoded): Float32Array {
  const values = floatsOf(data);
  const [images = 1, channels = 1, height = 1, width = 1] = shape;
  if (shape.length !== 4) return values;
  const pixels = height * width;
  return values.map((_, place) => {
    const [image, pixel, channel] = [
      Math.floor(place / (pixels * channels)),
      Math.floor(place / channels) % pixels,
      place % channels,
    ];
    return image < images ? (values[(image * channels + channel) * pixels + pixel] as number) : 0;
  });
}

/** Throws an Error where an output or a loss is further off than the tolerance. */
export async function checkTorchNetwork(backend: Backend, network: TorchNetwork): Promise<void> {
  const model = loadOnnx(bytesOf(network.file));
  const inputs = network.inputs.map(channelsLast);
  const predictor = await createPredictor(model, { backend });
  const results = await predictor.predict(inputs.length === 1 ? (inputs[0] as Float32Array) : inputs);
  predictor.dispose();
  network.outputs.forEach((output, index) => {
    const want = channelsLast(output);
    const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    expectWithin(`output ${index}`, results[index]?.data, want, () => TOLERANCE * largest);
  });
  const [, image] = network.outputs;
  const losses = ["sparseCategoricalCrossentropy" as const, ...(image ? ["meanSquaredError" as const] : [])];
  const trainer = await createTrainer(model, {
    ...{ backend, loss: losses, batchSize: network.labels.length },
    optimizer:
      network.optimizer === "sgd"
        ? sgd({ learningRate: 0.02, momentum: 0.9 })
        : adam({ learningRate: 0.003, epsilon: 1e-7 }),
  });
  const targets = [
    Int32Array.from(network.labels),
    ...(image ? [channelsLast({ shape: image.shape, data: network.image ?? "" })] : []),
  ];
  const got: number[] = [];
  for (const _ of network.losses) got.push((await trainer.trainOnBatch(inputs, targets)).loss);
  trainer.dispose();
  expectWithin("loss of step", got, network.losses, (step) => TOLERANCE * (network.losses[step] as number));
}
