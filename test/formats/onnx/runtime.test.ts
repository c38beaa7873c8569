/** The same files in ONNX Runtime (its WebAssembly build, which runs in Node too). */
import * as runtime from "onnxruntime-web";
import { beforeAll, expect, it } from "vitest";
import { at } from "../../../src/core/at.ts";
import { cpu } from "../../../src/cpu.ts";
import { createPredictor } from "../../../src/index.ts";
import { loadOnnx } from "../../../src/onnx.ts";
import { expectWithin } from "../../conformance/suite.ts";
import { onnxFile } from "../../support/onnx_file.ts";
import { NETWORKS } from "../../support/onnx_networks.ts";
import { RandomData } from "../../support/random.ts";

beforeAll(() => {
  runtime.env.wasm.numThreads = 1;
  runtime.env.logLevel = "error";
});

/** A tensor of the file's order [batch, channels, height, width] as [batch, height, width, channels]. */
function channelsLast(shape: readonly number[], data: Float32Array): Float32Array {
  if (shape.length !== 4) return Float32Array.from(data);
  const [images, channels, height, width] = shape as [number, number, number, number];
  const turned = new Float32Array(data.length);
  let place = 0;
  for (let image = 0; image < images; image++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let channel = 0; channel < channels; channel++) {
          turned[place++] = data[((image * channels + channel) * height + row) * width + column] ?? Number.NaN;
        }
  return turned;
}

const BATCH = 2;

it.each(Object.entries(NETWORKS))("%s: ONNX Runtime's results", async (name, network) => {
  const bytes = onnxFile(network);
  const session = await runtime.InferenceSession.create(bytes);
  const shape = [BATCH, ...at(Object.values(network.inputs), 0).slice(1)] as number[];
  const x = Float32Array.from(new RandomData(name.length).normals(shape.reduce((a, b) => a * b, 1)));
  const results = await session.run({ x: new runtime.Tensor("float32", x, shape) });
  const model = loadOnnx(bytes);
  const predictor = await createPredictor(model, { backend: cpu() });
  const [got] = await predictor.predict(channelsLast(shape, x));
  const want = results["y"] as runtime.Tensor;
  const expected = channelsLast(want.dims, want.data as Float32Array);
  expect(got?.shape).toEqual([BATCH, ...model.outputShape]);
  const largest = expected.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  expectWithin("y", got?.data, expected, () => 1e-5 * largest);
  predictor.dispose();
  await session.release();
});
