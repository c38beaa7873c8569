/**
 * onnxruntime-web, inference only: its WebGPU provider and, for scale, its WebAssembly provider with one thread a core.
 * The session optimises the graph once; images and probabilities cross the page's border at each run, as for everyone.
 */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { channelsFirst, makeBatch, NETWORKS } from "../jobs.ts";
import { type Engine, sampleOf, type Work } from "./engine.ts";
import { onnxModel } from "./onnx_model.ts";

/** The part of the module that is used: each provider comes in a module of its own. */
export interface Runtime {
  InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> };
  Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => Tensor;
}

export function start(runtime: Runtime, provider: "webgpu" | "wasm"): Engine {
  return {
    description: `onnxruntime-web on ${provider}`,
    async open(job) {
      return job.kind === "infer" ? openInference(runtime, provider, job.network, job.batch) : undefined;
    },
  };
}

async function openInference(
  runtime: Runtime,
  provider: "webgpu" | "wasm",
  name: keyof typeof NETWORKS,
  batch: number,
): Promise<Work> {
  const network = NETWORKS[name];
  const [height, width, channels] = network.inputShape;
  const floats = channelsFirst(makeBatch(network, batch).floats, network.inputShape);
  const session = await runtime.InferenceSession.create(onnxModel(network, batch), {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  let probabilities: ArrayLike<number> = [];
  return {
    async run(times) {
      for (let index = 0; index < times; index++) {
        const images = new runtime.Tensor("float32", floats, [batch, channels, height, width]);
        const outputs = await session.run({ images });
        probabilities = outputs["probabilities"]?.data as Float32Array;
      }
    },
    values: async () => sampleOf(probabilities),
    dispose: () => void session.release(),
  };
}
