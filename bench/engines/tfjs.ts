/**
 * TensorFlow.js 4.22, on WebGPU or WebGL, through its core API, which is its leanest: no layers, metrics or callbacks.
 *
 * - Convolution + bias + ReLU and matrix product + bias are its fused ops, as its own layers API uses them.
 * - The loss is a mean over `logSoftmax`, which has a gradient of its own; `tf.losses` would launch more kernels.
 * - `optimizer.minimize` tidies by itself; images and one-hot labels stay on the device; nothing is read back but the
 *   last loss of a call. Production mode is on. All flags are the defaults.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { ADAM, EPSILON, type Job, makeBatch, makeOperands, NETWORKS, type Network, placeLayers } from "../jobs.ts";
import { type Engine, sampleOf, type Work } from "./engine.ts";

tf.enableProdMode();

export async function start(name: "webgpu" | "webgl"): Promise<Engine> {
  // Both backends live in one engine of TF.js; every entry below switches to its own, which costs nothing once made.
  const use = async () => {
    if (tf.getBackend() !== name && !(await tf.setBackend(name))) throw new Error(`TF.js has no ${name} here`);
  };
  await use();
  return {
    description: `TF.js ${tf.version_core} on ${name}`,
    async open(job) {
      await use();
      const work = openJob(job, name);
      return {
        run: async (times) => {
          await use();
          await work.run(times);
        },
        values: () => work.values(),
        dispose: () => work.dispose(),
      };
    },
    reportedBytes: () => (tf.memory() as tf.MemoryInfo & { numBytesInGPU?: number }).numBytesInGPU ?? 0,
  };
}

function openJob(job: Job, name: "webgpu" | "webgl"): Work {
  if (job.kind === "train") return openTraining(NETWORKS[job.network], job.batch);
  if (job.kind === "infer") return openInference(NETWORKS[job.network], job.batch);
  return openKernel(job, name);
}

interface Weights {
  readonly kernel: tf.Variable;
  readonly bias: tf.Variable;
  readonly scale: tf.Variable | undefined;
}

function makeWeights(network: Network): (Weights | undefined)[] {
  return placeLayers(network).map(({ kernel, kernelShape, bias, scale }) =>
    kernel.length === 0
      ? undefined
      : {
          kernel: tf.variable(tf.tensor(kernel, [...kernelShape])),
          bias: tf.variable(tf.tensor1d(bias)),
          scale: scale.length === 0 ? undefined : tf.variable(tf.tensor1d(scale)),
        },
  );
}

function logitsOf(network: Network, weights: readonly (Weights | undefined)[], images: tf.Tensor4D): tf.Tensor2D {
  let value: tf.Tensor = images;
  let saved = value;
  network.layers.forEach((layer, index) => {
    const own = weights[index];
    switch (layer.kind) {
      case "conv":
        value = tf.fused.conv2d({
          x: value as tf.Tensor4D,
          filter: own?.kernel as tf.Tensor as tf.Tensor4D,
          bias: own?.bias as tf.Tensor,
          strides: 1,
          pad: "same",
          activation: "relu",
        });
        break;
      case "normedConv":
      case "normedDepthwise":
      case "normedPointwise": {
        const [images, kernel] = [value as tf.Tensor4D, own?.kernel as tf.Tensor as tf.Tensor4D];
        const convolved =
          layer.kind === "normedDepthwise"
            ? tf.depthwiseConv2d(images, kernel, 1, "same")
            : tf.conv2d(images, kernel, 1, "same");
        const { mean, variance } = tf.moments(convolved, [0, 1, 2]);
        value = tf.batchNorm(
          convolved,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          own?.bias as tf.Tensor as tf.Tensor1D,
          own?.scale as tf.Tensor as tf.Tensor1D,
          EPSILON,
        );
        if (layer.kind !== "normedConv" || layer.relu) value = tf.relu(value);
        break;
      }
      case "save":
        saved = value;
        break;
      case "add":
        value = tf.relu(tf.add(value, saved));
        break;
      case "average":
        value = tf.mean(value, [1, 2]);
        break;
      case "pool":
        value = tf.maxPool(value as tf.Tensor4D, 2, 2, "valid");
        break;
      case "dense":
        value = tf.fused.matMul({
          a: tf.reshape(value, [images.shape[0], -1]),
          b: own?.kernel as tf.Tensor,
          bias: own?.bias as tf.Tensor,
        });
        break;
    }
  });
  return value as tf.Tensor2D;
}

function variablesOf({ kernel, bias, scale }: Weights): tf.Variable[] {
  return scale ? [kernel, scale, bias] : [kernel, bias];
}

function disposeWeights(weights: readonly (Weights | undefined)[]): void {
  for (const own of weights) tf.dispose(own ? variablesOf(own) : []);
}

function openTraining(network: Network, batch: number): Work {
  const weights = makeWeights(network);
  const data = makeBatch(network, batch);
  const images = tf.tensor4d(data.floats, [batch, ...network.inputShape]);
  const oneHot = tf.tensor2d(data.oneHot, [batch, 10]);
  const optimizer = tf.train.adam(ADAM.learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const variables = weights.flatMap((own) => (own ? variablesOf(own) : []));
  let loss = Number.NaN;
  const lossOf = () =>
    tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logitsOf(network, weights, images))), 1))) as tf.Scalar;
  return {
    async run(times) {
      let last: tf.Scalar | null = null;
      for (let step = 0; step < times; step++) {
        last?.dispose();
        last = optimizer.minimize(lossOf, true, variables);
      }
      [loss = Number.NaN] = (await last?.data()) ?? [];
      last?.dispose();
    },
    values: async () => [loss],
    dispose() {
      tf.dispose([images, oneHot]);
      disposeWeights(weights);
      optimizer.dispose();
    },
  };
}

function openInference(network: Network, batch: number): Work {
  const weights = makeWeights(network);
  const { floats } = makeBatch(network, batch);
  let probabilities: ArrayLike<number> = [];
  return {
    async run(times) {
      for (let index = 0; index < times; index++) {
        const output = tf.tidy(() => {
          const images = tf.tensor4d(floats, [batch, ...network.inputShape]);
          return tf.softmax(logitsOf(network, weights, images));
        });
        probabilities = await output.data();
        output.dispose();
      }
    },
    values: async () => sampleOf(probabilities),
    dispose: () => disposeWeights(weights),
  };
}

function openKernel(job: Job & { kind: "matmul" | "conv" }, name: "webgpu" | "webgl"): Work {
  const { left, right } = makeOperands(job);
  const multiply = (): tf.Tensor =>
    job.kind === "matmul" ? tf.matMul(a, b) : tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same");
  const a: tf.Tensor =
    job.kind === "matmul"
      ? tf.tensor2d(left, [job.size, job.size])
      : tf.tensor4d(left, [job.batch, job.size, job.size, job.channels]);
  const b: tf.Tensor =
    job.kind === "matmul"
      ? tf.tensor2d(right, [job.size, job.size])
      : tf.tensor4d(right, [3, 3, job.channels, job.channels]);
  return {
    async run(times) {
      for (let index = 0; index < times - 1; index++) multiply().dispose();
      const last = multiply();
      if (name === "webgpu") {
        const backend = tf.backend() as WebGPUBackend;
        backend.submitQueue();
        await backend.queue.onSubmittedWorkDone();
      } else {
        // WebGL has no promise for "done"; four bytes of the last product cost next to nothing.
        const corner = tf.tidy(() => tf.slice(tf.reshape(last, [-1]), [0], [1]));
        await corner.data();
        corner.dispose();
      }
      last.dispose();
    },
    async values() {
      const product = multiply();
      const data = await product.data();
      product.dispose();
      return sampleOf(data);
    },
    dispose: () => tf.dispose([a, b]),
  };
}
