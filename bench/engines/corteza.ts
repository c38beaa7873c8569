/**
 * Corteza, driven as its trainer and classifier drive it: programs compiled once, `enqueue` for steps (all steps of a
 * call in one submission), `run` for inference. The batch is a data set of its own on the device, so the step's fetch,
 * shuffle and normalisation are part of what is timed, which peers are spared.
 */

import type { Backend } from "../../src/graph/backend.ts";
import { Variable } from "../../src/graph/node.ts";
import { Profile } from "../../src/graph/profile.ts";
import { Graph } from "../../src/graph.ts";
import {
  activation,
  adam,
  add,
  batchNormalization,
  conv2d,
  dataset,
  dense,
  depthwiseConv2d,
  flatten,
  model as functionalModel,
  globalAveragePooling2d,
  input,
  type Model,
  maxPooling2d,
  type SymbolicTensor,
  webgpu,
} from "../../src/index.ts";
import { resolveHeads } from "../../src/train/heads.ts";
import { rightLabels } from "../../src/train/measures.ts";
import { compilePrediction } from "../../src/train/programs.ts";
import { RING_STEPS } from "../../src/train/step_record.ts";
import { newStepParts } from "../../src/train/training_state.ts";
import { compileTraining } from "../../src/train/training_step.ts";
import type { WebGpuOptions } from "../../src/webgpu/device.ts";
import { ADAM, EPSILON, type Job, makeBatch, makeOperands, NETWORKS, type Network, placeLayers } from "../jobs.ts";
import { type Engine, sampleOf, type Work } from "./engine.ts";

export async function start(options: WebGpuOptions = {}): Promise<Engine> {
  return engineOn(await webgpu(options));
}

/** On a backend of any kind. */
export function engineOn(backend: Backend): Engine {
  return {
    description: backend.description,
    open: (job) => open(backend, job),
    reportedBytes: () => backend.bytes,
  };
}

function open(backend: Backend, job: Job): Promise<Work> {
  if (job.kind === "train") return openTraining(backend, NETWORKS[job.network], job.batch);
  if (job.kind === "infer") return openInference(backend, NETWORKS[job.network], job.batch);
  return openKernel(backend, job);
}

function buildModel(network: Network): Model {
  const placed = placeLayers(network);
  const images = input([...network.inputShape]);
  let value: SymbolicTensor = images;
  let saved = value;
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  placed.forEach(({ layer, kernelShape, kernel, bias, scale }, index) => {
    const [own, norm] = [`layer${index}`, `norm${index}`];
    const vector = (data: Float32Array) => ({ shape: [data.length], data });
    if (kernel.length > 0) weights.set(`${own}/kernel`, { shape: kernelShape, data: kernel });
    switch (layer.kind) {
      case "conv":
        value = conv2d({ name: own, filters: layer.filters, kernelSize: 3, padding: "same", activation: "relu" })(
          value,
        );
        weights.set(`${own}/bias`, vector(bias));
        break;
      case "normedConv":
        value = conv2d({ name: own, filters: layer.filters, kernelSize: 3, padding: "same", useBias: false })(value);
        value = batchNormalization({ name: norm, epsilon: EPSILON })(value);
        if (layer.relu) value = activation("relu")(value);
        weights.set(`${norm}/gamma`, vector(scale)).set(`${norm}/beta`, vector(bias));
        break;
      case "normedDepthwise":
      case "normedPointwise": {
        const options = { name: own, padding: "same", useBias: false } as const;
        value =
          layer.kind === "normedDepthwise"
            ? depthwiseConv2d({ ...options, kernelSize: 3 })(value)
            : conv2d({ ...options, kernelSize: 1, filters: layer.filters })(value);
        value = activation("relu")(batchNormalization({ name: norm, epsilon: EPSILON })(value));
        weights.set(`${norm}/gamma`, vector(scale)).set(`${norm}/beta`, vector(bias));
        break;
      }
      case "pool":
        value = maxPooling2d({ poolSize: 2 })(value);
        break;
      case "save":
        saved = value;
        break;
      case "add":
        value = activation("relu")(add()([value, saved]));
        break;
      case "average":
        value = globalAveragePooling2d()(value);
        break;
      case "dense":
        value = dense({ name: own, units: layer.units })(flatten()(value));
        weights.set(`${own}/bias`, vector(bias));
        break;
    }
  });
  const built = functionalModel({ inputs: images, outputs: value });
  // Moving statistics are no weights of the job: they begin as the layers have them.
  built.setParameters(weights, { partial: true });
  return built;
}

async function openTraining(backend: Backend, network: Network, batch: number): Promise<Work> {
  const model = buildModel(network);
  const optimizer = adam(ADAM);
  const { bytes, labels } = makeBatch(network, batch);
  const data = dataset({ images: bytes, labels, shape: network.inputShape, classes: 10 });
  const heads = await resolveHeads(model, "sparseCategoricalCrossentropy");
  const parts = newStepParts({ model, heads, metrics: [], measures: rightLabels, optimizer });
  const { program } = await compileTraining(backend, parts, data, { batch, shuffle: true, seed: 1 });
  const datasetBytes = bytes.byteLength + labels.byteLength;
  let step = 0;
  let loss = Number.NaN;
  return {
    async run(times) {
      const [ring] = await program.enqueue({ steps: times, read: [parts.state.ring] });
      step += times;
      loss = ring ? parts.record.totals(ring, RING_STEPS, step - 1, step).loss / batch : Number.NaN;
    },
    values: async () => [loss],
    settled: () => program.settled(),
    profile: async () => String(new Profile(await program.profile())),
    profileData: () => program.profile(),
    planned: {
      bytes: program.stats.scratchBytes + program.stats.variableBytes - datasetBytes,
      dataset: datasetBytes,
    },
    async runSingly(steps) {
      const times: number[] = [];
      for (let index = 0; index < steps; index++) {
        const before = performance.now();
        const done = program.enqueue();
        times.push(performance.now() - before);
        await done;
      }
      step += steps;
      return times;
    },
    dispose: () => program.dispose(),
  };
}

async function openInference(backend: Backend, network: Network, batch: number): Promise<Work> {
  const program = await compilePrediction(backend, buildModel(network), batch, ["softmax"]);
  const { floats } = makeBatch(network, batch);
  let probabilities: ArrayLike<number> = [];
  return {
    async run(times) {
      for (let index = 0; index < times; index++) {
        const outputs = await program.run({ "0": floats });
        probabilities = outputs["0"]?.data ?? [];
      }
    },
    values: async () => sampleOf(probabilities),
    settled: () => program.settled(),
    dispose: () => program.dispose(),
  };
}

async function openKernel(backend: Backend, job: Job & { kind: "matmul" | "conv" }): Promise<Work> {
  const graph = new Graph();
  const operands = makeOperands(job);
  const shapes =
    job.kind === "matmul"
      ? { left: [job.size, job.size], right: [job.size, job.size] }
      : { left: [job.batch, job.size, job.size, job.channels], right: [3, 3, job.channels, job.channels] };
  const left = graph.variable(new Variable({ name: "left", shape: shapes.left, initial: operands.left }));
  const right = graph.variable(new Variable({ name: "right", shape: shapes.right, initial: operands.right }));
  const product = job.kind === "matmul" ? graph.matmul(left, right) : graph.conv2d(left, right, { padding: "same" });
  const program = await backend.compile(graph, { outputs: { product } });
  return {
    async run(times) {
      await program.enqueue({ steps: times });
    },
    async values() {
      const { product: tensor } = await program.run({});
      return sampleOf(tensor?.data ?? []);
    },
    settled: () => program.settled(),
    dispose: () => program.dispose(),
  };
}
