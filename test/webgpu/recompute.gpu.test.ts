import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Graph } from "../../src/graph.ts";
import {
  activation,
  adam,
  add,
  batchNormalization,
  conv2d,
  createTrainer,
  dataset,
  dense,
  flatten,
  input,
  type Model,
  maxPooling2d,
  model,
  type SymbolicTensor,
  sequential,
  webgpu,
} from "../../src/index.ts";
import { resolveHeads } from "../../src/train/heads.ts";
import { rightLabels } from "../../src/train/measures.ts";
import { recomputedNodes } from "../../src/train/recompute.ts";
import { newStepParts } from "../../src/train/training_state.ts";
import { compileTraining } from "../../src/train/training_step.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { planMemory } from "../../src/webgpu/memory.ts";
import { openDevice } from "../support/device.ts";
import { uniform } from "./kernels_support.ts";

const device = await openDevice();

const conv = (filters: number) => conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" });

const plain = () =>
  sequential({ inputShape: [12, 12, 2], seed: 4 }, [
    ...Array.from({ length: 7 }, () => conv(8)),
    maxPooling2d({ poolSize: 2 }),
    conv(8),
    flatten(),
    dense({ units: 3 }),
  ]);

function residual(): Model {
  const images = input([8, 8, 2]);
  const block = (x: SymbolicTensor): SymbolicTensor => {
    const y = batchNormalization()(conv2d({ filters: 4, kernelSize: 3, padding: "same", useBias: false })(x));
    return activation("relu")(add()([y, x]));
  };
  const trunk = Array.from({ length: 4 }).reduce<SymbolicTensor>((x) => block(x), conv(4)(images));
  return model({ inputs: images, outputs: dense({ units: 3 })(flatten()(trunk)), seed: 4 });
}

/** Noise with a bright corner that depends on the class; the last batch of 8 is shorter. */
function pictures([height = 1, width = 1, channels = 1]: readonly number[]) {
  const [count, size] = [20, height * width * channels];
  const images = uniform(count * size, 11, 0, 1);
  const labels = Uint8Array.from({ length: count }, (_, row) => row % 3);
  labels.forEach((label, row) => {
    images[row * size + label] = 3;
  });
  return dataset({ images, labels, shape: [height, width, channels], classes: 3 });
}

async function weightsAfter(backend: Backend, network: Model, recompute: boolean): Promise<Uint32Array[]> {
  const loss = "sparseCategoricalCrossentropy";
  const trainer = await createTrainer(network, { backend, loss, optimizer: adam(), batchSize: 8, seed: 2, recompute });
  await trainer.fit(pictures(network.inputShape), { epochs: 2 });
  await trainer.syncModel();
  trainer.dispose();
  return [...network.parameters.values()].map(({ data }) => new Uint32Array(data.slice().buffer));
}

describe.each([
  ["a deep network", plain],
  ["a residual network with batch normalisation", residual],
])("%s that recomputes activations", (_, make) => {
  it.each([
    ["the CPU", async () => cpu()],
    ["WebGPU", () => webgpu({ device })],
  ])("trains to the same weights, bit for bit, on %s", async (__, open) => {
    const backend = await open();
    const kept = await weightsAfter(backend, make(), false);
    expect(await weightsAfter(backend, make(), true)).toEqual(kept);
    backend.dispose();
  });
});

/** Bytes of activations and gradients that the plan of a training step holds. */
async function plannedBytes(network: Model, batch: number, recompute: boolean): Promise<number> {
  const traits = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, software: false };
  let bytes = 0;
  const planner = {
    async compile(graph: Graph, { outputs }: { outputs: Record<string, never> }) {
      bytes = planMemory(await lowerGraph(graph, outputs, traits)).reduce((sum, slot) => sum + slot.bytes, 0);
      return {};
    },
  } as unknown as Backend;
  const optimizer = adam();
  const heads = await resolveHeads(network, "sparseCategoricalCrossentropy");
  const parts = newStepParts({
    ...{ model: network, heads, metrics: [], measures: rightLabels, optimizer },
    recomputed: recompute ? recomputedNodes : undefined,
  });
  const [height = 1, width = 1, channels = 1] = network.inputShape;
  const images = new Uint8Array(batch * height * width * channels);
  const data = dataset({ images, labels: new Uint8Array(batch), shape: network.inputShape, classes: 10 });
  await compileTraining(planner, parts, data, { batch, shuffle: true, seed: 1 });
  return bytes;
}

it("holds clearly less of a deep network, the less the deeper", async () => {
  const deep = (convolutions: number) => () =>
    sequential({ inputShape: [64, 64, 3] }, [
      ...Array.from({ length: convolutions }, () => conv(16)),
      flatten(),
      dense({ units: 10 }),
    ]);
  const share = async (make: () => Model) =>
    (await plannedBytes(make(), 8, true)) / (await plannedBytes(make(), 8, false));
  const shares = [await share(deep(16)), await share(deep(36))];
  console.log(`planned bytes with recomputation: ${shares.map((part) => part.toFixed(2)).join(" and ")} of without`);
  expect(shares[0]).toBeLessThan(0.7);
  expect(shares[1]).toBeLessThan(0.62);
});
