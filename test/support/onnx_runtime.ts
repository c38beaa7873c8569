/** Files in ONNX Runtime: its WebAssembly build, which runs in Node too. */
import * as runtime from "onnxruntime-web";
import { cpu } from "../../src/cpu.ts";
import { createPredictor, type Model } from "../../src/index.ts";

runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = "error";

/** Values with a shape. */
export interface Shaped {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A tensor whose axes come in another order. */
export function permuted({ shape, data }: Shaped, order: readonly number[]): Shaped {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let places = [0];
  for (const axis of order) {
    const stride = strides[axis] as number;
    places = places.flatMap((place) =>
      Array.from({ length: shape[axis] as number }, (_, index) => place + index * stride),
    );
  }
  return {
    shape: order.map((axis) => shape[axis] as number),
    data: Float32Array.from(places, (place) => data[place] as number),
  };
}

/** Images [batch, height, width, channels] as [batch, channels, height, width]; other ranks as they are. */
export const channelsFirst = (x: Shaped): Shaped => (x.shape.length === 4 ? permuted(x, [0, 3, 1, 2]) : x);
/** The reverse. */
export const channelsLast = (x: Shaped): Shaped => (x.shape.length === 4 ? permuted(x, [0, 2, 3, 1]) : x);

/** What a file gives for values by the names of its inputs. */
export async function runOnnx(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, Shaped>>,
): Promise<Record<string, Shaped>> {
  const session = await runtime.InferenceSession.create(bytes);
  const tensors = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    new runtime.Tensor("float32", data, shape),
  ]);
  try {
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: Float32Array.from(data as Float32Array) },
      ]),
    );
  } finally {
    await session.release();
  }
}

/** What a model predicts on the CPU, one entry an output. */
export async function predicted(model: Model, feeds: readonly Float32Array[]): Promise<Shaped[]> {
  const predictor = await createPredictor(model, { backend: cpu() });
  const results = await predictor.predict(feeds.length === 1 ? (feeds[0] as Float32Array) : [...feeds]);
  predictor.dispose();
  return results.map(({ shape, data }) => ({ shape: [...shape], data: Float32Array.from(data) }));
}
