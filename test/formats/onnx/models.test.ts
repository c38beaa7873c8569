/** Trained networks that others published as ONNX files (../shared/conformance/models). */
import { expect, it } from "vitest";
import { cpu } from "../../../src/cpu.ts";
import { createPredictor } from "../../../src/index.ts";
import { loadOnnx } from "../../../src/onnx.ts";
import { expectWithin } from "../../conformance/suite.ts";
import { conformanceBytes } from "../../support/conformance.ts";

const FILES = { "mnist-8": "mnist-8/model.onnx", wonnx: "wonnx/opt-mnist.onnx", pytorch: "pytorch-mnist/pytorch.onnx" };

/** The file's bytes; undefined, and said so, in a checkout without ../shared/conformance. */
async function fileOf(path: string): Promise<Uint8Array | undefined> {
  const bytes = await conformanceBytes(`models/${path}`);
  if (bytes === undefined) console.log(`models/${path} is not in ../shared/conformance`);
  return bytes;
}

it("an addition behind a convolution or a product is its bias, which is trained", async () => {
  const bytes = await fileOf(FILES["mnist-8"]);
  if (bytes === undefined) return;
  const model = loadOnnx(bytes);
  expect(model.layers.map(({ name }) => name)).toEqual([
    ...["Convolution28", "ReLU32", "Pooling66", "Convolution110", "ReLU114", "Pooling160"],
    ...["reshape", "Times212"],
  ]);
  expect(model.arena.variables.map(({ shape }) => shape)).toEqual([
    [5, 5, 1, 8],
    [8],
    [5, 5, 8, 16],
    [16],
    [256, 10],
    [10],
  ]);
  expect(model.layout).toEqual({
    inputs: [{ name: "Input3", fileShape: [1, 1, 28, 28], layout: "NHWC" }],
    outputs: [{ name: "Plus214_Output_0", fileShape: [1, 10], layout: "as in the file" }],
  });
});

it("PyTorch's dense network with batch norm loads and answers by its own arithmetic", async () => {
  const bytes = await fileOf(FILES.pytorch);
  if (bytes === undefined) return;
  const model = loadOnnx(bytes);
  const predictor = await createPredictor(model, { backend: cpu() });
  const x = Float32Array.from({ length: 784 }, (_, index) => (index % 17) / 17);
  const [got] = await predictor.predict(x);
  predictor.dispose();
  // By hand: product, (v − mean) / √(variance + ε) · scale + shift, twice, and a product.
  const parameters = [...model.parameters.values()].map(({ shape, data }) => ({ shape, data }));
  let values: number[] = [...x];
  let next = 0;
  const product = () => {
    const { shape, data } = parameters[next++] as (typeof parameters)[number];
    const [inputs, outputs] = shape as [number, number];
    values = Array.from({ length: outputs }, (_, out) => {
      let sum = 0;
      for (let row = 0; row < inputs; row++) sum += (values[row] as number) * (data[row * outputs + out] as number);
      return sum;
    });
  };
  const normalize = () => {
    const [scale, shift, mean, variance] = parameters.slice(next, next + 4).map(({ data }) => data) as Float32Array[];
    next += 4;
    values = values.map((one, place) => {
      const deviation = Math.sqrt((variance?.[place] as number) + 9.999999747378752e-6);
      return ((one - (mean?.[place] as number)) / deviation) * (scale?.[place] as number) + (shift?.[place] as number);
    });
  };
  product();
  normalize();
  product();
  normalize();
  product();
  const largest = Math.max(...values.map(Math.abs));
  expectWithin("y", got?.data, values, () => 1e-5 * largest);
});
