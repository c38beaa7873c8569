/**
 * jax-js on WebGPU, or on WebAssembly, in its best shape: forward, backward and Adam in one `jit`, so that it fuses what it can and keeps
 * its buffers in its pool. It has no published optimizer package, so Adam is written out in its arrays. Channels come
 * first (it knows no other layout), and the weights are permuted for that before the clock starts.
 *
 * Arrays are consumed on use, hence every `.ref`.
 */
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import {
  ADAM,
  channelsFirst,
  EPSILON,
  type Job,
  makeBatch,
  makeOperands,
  NETWORKS,
  type Network,
  outputsFirst,
  placeLayers,
} from "../jobs.ts";
import { type Engine, sampleOf, type Work } from "./engine.ts";

export async function start(device: "webgpu" | "wasm" = "webgpu"): Promise<Engine> {
  if (!(await init(device)).includes(device)) throw new Error(`jax-js got no ${device} device`);
  defaultDevice(device);
  return { description: `jax-js on ${device}`, open };
}

async function open(job: Job): Promise<Work | undefined> {
  // Its convolutions have no groups.
  if ("network" in job && job.network === "depthwise32") return undefined;
  if (job.kind === "train") return openTraining(NETWORKS[job.network], job.batch);
  if (job.kind === "infer") return openInference(NETWORKS[job.network], job.batch);
  return openKernel(job);
}

/** Kernel, scale and bias of each layer that has them, one behind the other. */
function makeWeights(network: Network): np.Array[] {
  return placeLayers(network).flatMap(({ layer, kernel, kernelShape, bias, scale, inputShape }) => {
    if (kernel.length === 0) return [];
    if (layer.kind !== "dense") {
      const [rows = 3, columns = 3, inputs = 1, outputs = 1] = kernelShape;
      const shape = [outputs, inputs, rows, columns];
      // A vector as [channels, 1, 1] is what broadcasts over [batch, channels, height, width].
      const vectors = (scale.length === 0 ? [bias] : [scale, bias]).map((data) =>
        np.array(data).reshape([data.length, 1, 1]),
      );
      return [np.array(outputsFirst(kernel, kernelShape)).reshape(shape), ...vectors];
    }
    // Rows follow the flattened [channels, height, width].
    return [
      np.array(channelsFirst(kernel, inputShape, layer.units)).reshape([...kernelShape]),
      np.array(Float32Array.from(bias)),
    ];
  });
}

function logitsOf(network: Network, weights: readonly np.Array[], images: np.Array): np.Array {
  let value = images;
  let saved: np.Array | undefined;
  let next = 0;
  const take = (): np.Array => {
    const weight = weights[next++];
    if (weight === undefined) throw new Error("too few weights");
    return weight;
  };
  for (const layer of network.layers) {
    switch (layer.kind) {
      case "conv":
        value = nn.relu(lax.conv(value, take(), [1, 1], "SAME").add(take()));
        break;
      case "normedConv":
        value = normalize(lax.conv(value, take(), [1, 1], "SAME"), take(), take());
        if (layer.relu) value = nn.relu(value);
        break;
      case "save":
        saved = value.ref;
        break;
      case "add":
        if (saved === undefined) throw new Error("nothing was saved");
        value = nn.relu(value.add(saved));
        break;
      case "average":
        value = np.mean(value, [2, 3]);
        break;
      case "pool":
        value = lax.reduceWindow(value, np.max, [2, 2], [2, 2]);
        break;
      case "dense":
        value = np.matmul(value.reshape([value.shape[0] ?? 1, -1]), take()).add(take());
        break;
    }
  }
  return value;
}

/** Batch normalisation with the statistics of the batch itself; `scale` and `bias` are [channels, 1, 1]. */
function normalize(x: np.Array, scale: np.Array, bias: np.Array): np.Array {
  const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
  const centred = x.sub(mean);
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
  return centred
    .div(np.sqrt(variance.add(EPSILON)))
    .mul(scale)
    .add(bias);
}

/** Everything that a step changes: weights, both moments, and β₁ᵗ and β₂ᵗ. */
type State = { weights: np.Array[]; first: np.Array[]; second: np.Array[]; decay: np.Array[] };

function openTraining(network: Network, batch: number): Work {
  const data = makeBatch(network, batch);
  const [height, width, channels] = network.inputShape;
  const images = np.array(channelsFirst(data.floats, network.inputShape)).reshape([batch, channels, height, width]);
  const oneHot = np.array(data.oneHot).reshape([batch, 10]);

  const lossOf = (weights: np.Array[], x: np.Array, y: np.Array): np.Array =>
    nn
      .logSoftmax(logitsOf(network, weights, x))
      .mul(y)
      .sum()
      .mul(-1 / batch);

  const step = jit((state: State, x: np.Array, y: np.Array): { state: State; loss: np.Array } => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(state.weights), x, y);
    const [decay1, decay2] = [at(state.decay, 0).mul(ADAM.beta1), at(state.decay, 1).mul(ADAM.beta2)];
    const [correct1, correct2] = [np.subtract(1, decay1.ref), np.subtract(1, decay2.ref)];
    const next: State = { weights: [], first: [], second: [], decay: [decay1, decay2] };
    state.weights.forEach((weight, index) => {
      const gradient = at(gradients, index);
      const first = at(state.first, index)
        .mul(ADAM.beta1)
        .add(gradient.ref.mul(1 - ADAM.beta1));
      const second = at(state.second, index)
        .mul(ADAM.beta2)
        .add(np.square(gradient).mul(1 - ADAM.beta2));
      const scale = np.sqrt(second.ref.div(correct2.ref)).add(ADAM.epsilon);
      next.weights.push(weight.sub(first.ref.div(correct1.ref).div(scale).mul(ADAM.learningRate)));
      next.first.push(first);
      next.second.push(second);
    });
    correct1.dispose();
    correct2.dispose();
    return { state: next, loss };
  });

  const weights = makeWeights(network);
  let state: State = {
    weights,
    first: weights.map((weight) => np.zeros(weight.shape)),
    second: weights.map((weight) => np.zeros(weight.shape)),
    decay: [np.array(1), np.array(1)],
  };
  let loss = Number.NaN;
  return {
    async run(times) {
      let last: np.Array | undefined;
      for (let index = 0; index < times; index++) {
        last?.dispose();
        const result = step(state, images.ref, oneHot.ref);
        state = result.state;
        last = result.loss;
      }
      [loss = Number.NaN] = (await last?.data()) ?? [];
    },
    values: async () => [loss],
    dispose() {
      tree.dispose([state, images, oneHot]);
      step.dispose();
    },
  };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}

function openInference(network: Network, batch: number): Work {
  const [height, width, channels] = network.inputShape;
  const floats = channelsFirst(makeBatch(network, batch).floats, network.inputShape);
  const weights = makeWeights(network);
  const predict = jit((own: np.Array[], x: np.Array) => nn.softmax(logitsOf(network, own, x)));
  let probabilities: ArrayLike<number> = [];
  return {
    async run(times) {
      for (let index = 0; index < times; index++) {
        const images = np.array(floats).reshape([batch, channels, height, width]);
        probabilities = await predict(tree.ref(weights), images).data();
      }
    },
    values: async () => sampleOf(probabilities),
    dispose() {
      tree.dispose(weights);
      predict.dispose();
    },
  };
}

function openKernel(job: Job & { kind: "matmul" | "conv" }): Work {
  const operands = makeOperands(job);
  const multiply = jit((a: np.Array, b: np.Array) =>
    job.kind === "matmul" ? np.matmul(a, b) : lax.conv(a, b, [1, 1], "SAME"),
  );
  const [left, right] = job.kind === "matmul" ? matrices(job, operands) : images(job, operands);
  return {
    async run(times) {
      for (let index = 0; index < times - 1; index++) multiply(left.ref, right.ref).dispose();
      const last = multiply(left.ref, right.ref);
      await blockUntilReady(last);
      last.dispose();
    },
    async values() {
      const product = multiply(left.ref, right.ref);
      const last = job.kind === "matmul" ? product : np.transpose(product, [0, 2, 3, 1]);
      return sampleOf(await last.data());
    },
    dispose() {
      tree.dispose([left, right]);
      multiply.dispose();
    },
  };
}

type Operands = ReturnType<typeof makeOperands>;

function matrices({ size }: { size: number }, { left, right }: Operands): [np.Array, np.Array] {
  return [np.array(left).reshape([size, size]), np.array(right).reshape([size, size])];
}

function images(
  { batch, size, channels }: { batch: number; size: number; channels: number },
  { left, right }: Operands,
): [np.Array, np.Array] {
  return [
    np.array(channelsFirst(left, [size, size, channels])).reshape([batch, channels, size, size]),
    np.array(outputsFirst(right, [3, 3, channels, channels])).reshape([channels, channels, 3, 3]),
  ];
}
