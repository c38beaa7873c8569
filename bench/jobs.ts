/**
 * What is measured: networks, jobs, and the numbers that go into them. Everything here is plain data made from integer
 * arithmetic, so that every engine, `pytorch.py` included, starts from the same bits.
 */

/**
 * Convolutions are 3×3, stride 1, same padding, with bias and ReLU; pools are 2×2 maxima; dense layers have a bias.
 *
 * "normedConv": the convolution without bias, then batch normalisation with the batch's own mean and (biased) variance, then
 * ReLU if asked. "normedDepthwise": the same of a 3×3 filter for each channel; "normedPointwise": of a 1×1 convolution. "save" keeps the value that flows by; "add" adds what was kept last, and applies ReLU. "average": over
 * all pixels.
 */
export type LayerSpec =
  | { kind: "conv"; filters: number }
  | { kind: "normedConv"; filters: number; relu: boolean }
  | { kind: "normedDepthwise" }
  | { kind: "normedPointwise"; filters: number }
  | { kind: "pool" }
  | { kind: "save" }
  | { kind: "add" }
  | { kind: "average" }
  | { kind: "dense"; units: number };

export interface Network {
  /** [height, width, channels] */
  readonly inputShape: readonly [number, number, number];
  readonly layers: readonly LayerSpec[];
}

const conv = (filters: number): LayerSpec => ({ kind: "conv", filters });
const pool: LayerSpec = { kind: "pool" };
const classify: LayerSpec = { kind: "dense", units: 10 };
const stage = (filters: number): LayerSpec[] => [conv(filters), conv(filters), pool];
const normed = (filters: number, relu = true): LayerSpec => ({ kind: "normedConv", filters, relu });
const residual = (filters: number): LayerSpec[] => [
  normed(filters),
  { kind: "save" },
  normed(filters),
  normed(filters, false),
  { kind: "add" },
];

const separable = (filters: number): LayerSpec[] => [{ kind: "normedDepthwise" }, { kind: "normedPointwise", filters }];

/** Each engine builds its network in one `switch` over the kinds of layers. */
export const NETWORKS = {
  /** DESIGN section 1. */
  reference: { inputShape: [28, 28, 1], layers: [conv(32), pool, conv(64), pool, classify] },
  vgg64: { inputShape: [64, 64, 3], layers: [...stage(32), ...stage(64), ...stage(128), classify] },
  vgg224: {
    inputShape: [224, 224, 3],
    layers: [...stage(32), ...stage(64), ...stage(128), ...stage(256), ...stage(256), classify],
  },
  /** After He et al. 2015 for CIFAR, with pools in place of strides, which every engine has. */
  resnet32: {
    inputShape: [32, 32, 3],
    layers: [...residual(16), pool, ...residual(32), pool, ...residual(64), { kind: "average" }, classify],
  },
  /** After Howard et al. 2017, with pools in place of strides. */
  depthwise32: {
    inputShape: [32, 32, 3],
    layers: [
      ...[normed(32), ...separable(64), pool, ...separable(128), ...separable(128), pool],
      ...[...separable(256), ...separable(256), { kind: "average" } as const, classify],
    ],
  },
} satisfies Record<string, Network>;

export type NetworkName = keyof typeof NETWORKS;

export type Job =
  /** Forward, mean softmax cross-entropy, backward, Adam, on a batch that is on the device. */
  | { kind: "train"; network: NetworkName; batch: number }
  /** Pixels of the page in, probabilities in the page out. */
  | { kind: "infer"; network: NetworkName; batch: number }
  /** Square matrices on the device, f32. */
  | { kind: "matmul"; size: number }
  /** 3×3, stride 1, same padding, without bias, channels to as many channels, on the device. */
  | { kind: "conv"; batch: number; size: number; channels: number };

/** The name of a job in tables, result files and bars. */
export function jobName(job: Job): string {
  if (job.kind === "matmul") return `matmul ${job.size}`;
  if (job.kind === "conv") return `conv ${job.batch}×${job.size}×${job.size}×${job.channels}`;
  return `${job.kind} ${job.network} ${job.batch}`;
}

/** Added to the variance by batch normalisation. */
export const EPSILON = 1e-3;

export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

/** A layer in its place. */
export interface PlacedLayer {
  readonly layer: LayerSpec;
  /** [height, width, channels] of what flows in. */
  readonly inputShape: readonly [number, number, number];
  /** [3, 3, in, out], of a depthwise convolution [3, 3, channels, 1], [in, out] (rows in the order height, width, channel), or empty where there are no weights. */
  readonly kernelShape: readonly number[];
  readonly kernel: Float32Array;
  /** Of "normed…": what the normalisation adds. */
  readonly bias: Float32Array;
  /** Of "normed…": what the normalisation multiplies by; otherwise empty. */
  readonly scale: Float32Array;
  /** Multiplications and additions of the forward pass for one image. */
  readonly flops: number;
}

/** Murmur3's finalizer over a counter: well-mixed 32 bits, the same in TypeScript, Python and on any machine. */
export function hash(index: number, seed: number): number {
  let h = (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Values in [-limit, limit). */
export function uniform(size: number, limit: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => ((hash(index, seed) >>> 8) / 2 ** 23 - 1) * limit);
}

/**
 * The layers with their weights: He-uniform kernels, biases that are small and not zero, so that a lost bias shows, and
 * scales around 1.
 */
export function placeLayers(network: Network): PlacedLayer[] {
  let shape = network.inputShape;
  return network.layers.map((layer, index): PlacedLayer => {
    const inputShape = shape;
    const [height, width, channels] = shape;
    if (!("filters" in layer) && !("units" in layer) && layer.kind !== "normedDepthwise") {
      if (layer.kind === "pool") shape = [Math.floor(height / 2), Math.floor(width / 2), channels];
      if (layer.kind === "average") shape = [1, 1, channels];
      const nothing = new Float32Array();
      return { layer, inputShape, kernelShape: [], kernel: nothing, bias: nothing, scale: nothing, flops: 0 };
    }
    const convolves = !("units" in layer);
    const out = "units" in layer ? layer.units : "filters" in layer ? layer.filters : channels;
    // A filter's rows and columns, and the channels that it sums.
    const [taps, summed] = [layer.kind === "normedPointwise" ? 1 : 3, "filters" in layer ? channels : 1];
    const fanIn = convolves ? taps * taps * summed : height * width * channels;
    shape = convolves ? [height, width, out] : [1, 1, out];
    return {
      layer,
      inputShape,
      kernelShape: !convolves ? [fanIn, out] : "filters" in layer ? [taps, taps, summed, out] : [taps, taps, out, 1],
      kernel: uniform(fanIn * out, Math.sqrt(6 / fanIn), 2 * index),
      bias: uniform(out, 0.05, 2 * index + 1),
      scale: uniform(layer.kind.startsWith("normed") ? out : 0, 0.25, 5000 + index).map((value) => 1 + value),
      flops: 2 * fanIn * out * shape[0] * shape[1],
    };
  });
}

/** One batch: noise as images, since no kernel here looks at values, and ties between neighbours are rare in noise. */
export interface Batch {
  /** [batch, height, width, channels] */
  readonly bytes: Uint8Array;
  /** The same, divided by 255. */
  readonly floats: Float32Array;
  readonly labels: Int32Array;
  /** [batch, 10] */
  readonly oneHot: Float32Array;
}

export function makeBatch(network: Network, batch: number): Batch {
  const size = network.inputShape.reduce((product, extent) => product * extent, batch);
  const bytes = Uint8Array.from({ length: size }, (_, index) => hash(index, 1000) >>> 24);
  const labels = Int32Array.from({ length: batch }, (_, row) => hash(row, 2000) % 10);
  const oneHot = new Float32Array(batch * 10);
  labels.forEach((label, row) => {
    oneHot[row * 10 + label] = 1;
  });
  return { bytes, floats: Float32Array.from(bytes, (value) => value / 255), labels, oneHot };
}

/**
 * Floating-point operations of doing a job once. A training step is the forward pass and two gradients of its size, less
 * the first layer's input gradient; what is not a convolution or a matrix product counts nothing.
 */
export function jobFlops(job: Job): number {
  if (job.kind === "matmul") return 2 * job.size ** 3;
  if (job.kind === "conv") return 2 * job.batch * job.size ** 2 * 9 * job.channels ** 2;
  const layers = placeLayers(NETWORKS[job.network]);
  const forward = layers.reduce((sum, { flops }) => sum + flops, 0);
  return job.batch * (job.kind === "infer" ? forward : 3 * forward - (layers[0]?.flops ?? 0));
}

/** Images that doing a job once works on; 1 where there are none. */
export function jobImages(job: Job): number {
  return job.kind === "matmul" ? 1 : job.batch;
}

/** [height, width, channels, …] → [channels, height, width, …]: for engines that keep channels first. */
export function channelsFirst(data: Float32Array, shape: readonly number[], inner = 1): Float32Array {
  const [height = 1, width = 1, channels = 1] = shape.slice(-3);
  const images = data.length / (height * width * channels * inner);
  const out = new Float32Array(data.length);
  for (let image = 0; image < images; image++) {
    const first = image * height * width * channels * inner;
    for (let pixel = 0; pixel < height * width; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        const from = first + (pixel * channels + channel) * inner;
        out.set(data.subarray(from, from + inner), first + (channel * height * width + pixel) * inner);
      }
    }
  }
  return out;
}

/** [3, 3, in, out] → [out, in, 3, 3]. */
export function outputsFirst(kernel: Float32Array, shape: readonly number[]): Float32Array {
  const [rows = 3, columns = 3, inputs = 1, outputs = 1] = shape;
  const taps = rows * columns;
  return Float32Array.from({ length: kernel.length }, (_, index) => {
    const tap = index % taps;
    const input = Math.floor(index / taps) % inputs;
    const output = Math.floor(index / (taps * inputs));
    return kernel[(tap * inputs + input) * outputs + output] ?? 0;
  });
}

/** Operands of the matmul and conv jobs. */
export function makeOperands(job: Job): { left: Float32Array; right: Float32Array } {
  if (job.kind === "matmul") {
    return { left: uniform(job.size ** 2, 1, 3000), right: uniform(job.size ** 2, 1, 3001) };
  }
  if (job.kind !== "conv") throw new Error(`${jobName(job)} has a network, not operands`);
  const { batch, size, channels } = job;
  return {
    left: uniform(batch * size * size * channels, 1, 3000),
    right: uniform(9 * channels * channels, Math.sqrt(6 / (9 * channels)), 3001),
  };
}
