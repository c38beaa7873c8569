/** Two whole trainings in PyTorch, 60 steps each from its initial weights: first gradients, losses, final weights. */
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import {
  adam,
  conv2d,
  createTrainer,
  dense,
  flatten,
  type Model,
  maxPooling2d,
  type Optimizer,
  sequential,
  sgd,
} from "../../src/index.ts";
import type { Given } from "./run_graph.ts";
import { expectWithin, type Suite } from "./suite.ts";
import { hwio, transposed } from "./torch_layout.ts";

interface Run {
  loss: number[];
  firstGrads: Record<string, number[] | Given>;
  final: Record<string, number[] | Given>;
}

interface Training {
  steps: number;
  X: number[];
  Y: number[];
  init: Record<string, Given>;
  f64: Run;
  f32: Run;
}

const BATCH = 16;
const PIXELS = 12 * 12;

/** PyTorch's names of the parameters, by ours. */
const NAMES: Readonly<Record<string, string>> = {
  "conv2d/kernel": "0.weight",
  "conv2d/bias": "0.bias",
  "conv2d_1/kernel": "3.weight",
  "conv2d_1/bias": "3.bias",
  "dense/kernel": "7.weight",
  "dense/bias": "7.bias",
};

function network(): Model {
  return sequential({ inputShape: [12, 12, 1] }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 6, kernelSize: 3, activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);
}

/** PyTorch's tensor of one of our parameters, in our layout. */
function ours(name: string, { init }: Training, values: Record<string, number[] | Given>): Given {
  const theirs = NAMES[name] as string;
  const value = values[theirs] as number[] | Given;
  const data = Array.isArray(value) ? value : value.data;
  const { shape } = init[theirs] as Given;
  if (name.endsWith("bias")) return { shape, data };
  if (name !== "dense/kernel") return hwio(shape, data);
  // It flattens [channel, row, column], we [row, column, channel]; its linear weights are [out, in].
  const turned = transposed({ shape: [10, 6, 2, 2], data }, [2, 3, 1, 0]);
  return { shape: [24, 10], data: turned.data };
}

/** The gradients of the first step's loss by each parameter. */
async function firstGradients(backend: Backend, model: Model, data: Training) {
  const graph = new Graph();
  const logits = model.build(graph, graph.input("x", [BATCH, 12, 12, 1]), { training: true, logits: true });
  const loss = graph.softmaxCrossEntropy(logits, graph.constant(data.Y.slice(0, BATCH), [BATCH], "i32"));
  const gradients = graph.gradients(
    loss,
    model.variables.map((variable) => graph.variable(variable)),
  );
  const outputs = Object.fromEntries(model.variables.map(({ name }, i) => [name, gradients[i] as Node]));
  const program = await backend.compile(graph, { outputs });
  const results = await program.run({ x: data.X.slice(0, BATCH * PIXELS) });
  program.dispose();
  return results;
}

const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

async function checkTraining(backend: Backend, data: Training, optimizer: Optimizer): Promise<void> {
  const model = network();
  const parameters = Object.keys(NAMES);
  model.setParameters(
    new Map(
      parameters.map((name) => {
        const { shape, data: values } = ours(name, data, data.init);
        return [name, { shape, data: Float32Array.from(values) }];
      }),
    ),
  );
  const gradients = await firstGradients(backend, model, data);
  for (const name of parameters) {
    const want = ours(name, data, data.f64.firstGrads).data;
    // Through five layers; 1e-5 is 40 units of the largest gradient's last place.
    expectWithin(`first gradient of ${name}`, gradients[name]?.data, want, () => 1e-5 * largest(want));
  }
  const trainer = await createTrainer(model, {
    backend,
    loss: "sparseCategoricalCrossentropy",
    optimizer,
    batchSize: BATCH,
  });
  const losses: number[] = [];
  for (let step = 0; step < data.steps; step++) {
    const first = (step * BATCH) % 64;
    const images = Float32Array.from(data.X.slice(first * PIXELS, (first + BATCH) * PIXELS));
    losses.push((await trainer.trainOnBatch(images, data.Y.slice(first, first + BATCH))).loss);
  }
  await trainer.syncModel();
  trainer.dispose();
  expectWithin("loss", losses, data.f64.loss, (step) => 1e-4 * (data.f64.loss[step] as number));
  for (const name of parameters) {
    const want = ours(name, data, data.f64.final).data;
    // Weights whose gradient is all but 0 take Adam's steps in a direction that rounding decides, in PyTorch's f32 run too.
    const theirs = ours(name, data, data.f32.final).data;
    const distance = largest(want.map((value, i) => value - (theirs[i] as number)));
    expectWithin(`final ${name}`, model.parameters.get(name)?.data, want, () => 8 * distance + 1e-5 * largest(want));
  }
}

function trainingSuite(name: string, optimizer: Optimizer): Suite {
  const path = `torch/${name}.json`;
  return {
    source: `torch/${name}`,
    expected: { total: 1, inScope: 1 },
    async run(backend, report) {
      const data = (await report.read(path)) as Training | undefined;
      await report.each(
        data === undefined ? [] : [data],
        () => name,
        (one) => checkTraining(backend, one, optimizer),
      );
    },
  };
}

export const torchTrainingSuites: readonly Suite[] = [
  trainingSuite("train_adam", adam({ learningRate: 3e-3, epsilon: 1e-8 })),
  trainingSuite("train_sgd_momentum", sgd({ learningRate: 0.05, momentum: 0.9 })),
];
