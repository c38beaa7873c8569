/** A network that PyTorch drew (draw.py): its state_dict in the same network here, its outputs, its losses. */
import type { Backend } from "../../../src/graph/backend.ts";
import * as corteza from "../../../src/index.ts";
import { loadStateDict, type StateDictReport } from "../../../src/pytorch.ts";
import { expectWithin } from "../../conformance/suite.ts";

interface Encoded {
  readonly shape: readonly number[];
  /** Base64 of f32. */
  readonly data: string;
}

/** A line of draw.py. */
export interface DrawnNetwork {
  readonly seed: number;
  readonly torch: string;
  readonly optimizer: string;
  readonly model: unknown;
  /** The state_dict as a safetensors file, base64. */
  readonly file: string;
  readonly inputs: readonly Encoded[];
  readonly outputs: readonly Encoded[];
  readonly labels: readonly number[];
  /** What the second output is to be. */
  readonly image?: string;
  readonly losses: readonly number[];
}

/** Relative to the largest value, and of a loss. */
const TOLERANCE = 1e-4;

export const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Images of NCHW as NHWC; other ranks as they are. */
function channelsLast({ shape, data }: Encoded): Float32Array {
  const values = new Float32Array(bytesOf(data).buffer);
  const [, channels = 1, height = 1, width = 1] = shape;
  if (shape.length !== 4) return values;
  const pixels = height * width;
  return values.map((_, place) => {
    const [image, pixel] = [Math.floor(place / (pixels * channels)), Math.floor(place / channels) % pixels];
    return values[(image * channels + (place % channels)) * pixels + pixel] as number;
  });
}

/** Throws an Error where an output or a loss is further off than the tolerance. */
export async function checkDrawnNetwork(backend: Backend, network: DrawnNetwork): Promise<StateDictReport> {
  const model = corteza.modelFromConfig(network.model as corteza.ModelConfig);
  const report = loadStateDict(model, corteza.loadSafetensors(bytesOf(network.file)));
  const inputs = network.inputs.map(channelsLast);
  const predictor = await corteza.createPredictor(model, { backend });
  const results = await predictor.predict(inputs.length === 1 ? (inputs[0] as Float32Array) : inputs);
  predictor.dispose();
  network.outputs.forEach((output, index) => {
    const want = channelsLast(output);
    const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    expectWithin(`output ${index}`, results[index]?.data, want, () => TOLERANCE * largest);
  });
  const { image } = network;
  const trainer = await corteza.createTrainer(model, {
    ...{
      backend,
      loss: ["sparseCategoricalCrossentropy", ...(image ? ["mse"] : [])],
      batchSize: network.labels.length,
    },
    optimizer:
      network.optimizer === "sgd"
        ? corteza.sgd({ learningRate: 0.02, momentum: 0.9 })
        : corteza.adam({ learningRate: 0.003, epsilon: 1e-7 }),
  });
  const second = network.outputs[1];
  const targets = [
    Int32Array.from(network.labels),
    ...(image && second ? [channelsLast({ shape: second.shape, data: image })] : []),
  ];
  const got: number[] = [];
  for (const _ of network.losses) got.push((await trainer.trainOnBatch(inputs, targets)).loss);
  trainer.dispose();
  expectWithin("loss of step", got, network.losses, (step) => TOLERANCE * (network.losses[step] as number));
  return report;
}
