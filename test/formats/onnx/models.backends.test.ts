/** Trained networks that others published as ONNX files (../shared/conformance/models), on every backend. */
import { expect, it } from "vitest";
import { constant, createPredictor, modelFromConfig, operation } from "../../../src/index.ts";
import { loadOnnx, loadOnnxTensor, toOnnx } from "../../../src/onnx.ts";
import { expectWithin } from "../../conformance/suite.ts";
import { backendName, testBackend } from "../../support/backend.ts";
import { conformanceBytes } from "../../support/conformance.ts";

it.each([
  ["mnist-8", "mnist-8/model.onnx"],
  ["wonnx", "wonnx/opt-mnist.onnx"],
])(
  `%s answers on ${backendName} as its authors' outputs say, also opened again from JSON and weights, and from a file of ours`,
  async (_, path) => {
    const bytes = await conformanceBytes(`models/${path}`);
    if (bytes === undefined) {
      console.log(`models/${path} is not in ../shared/conformance`);
      return;
    }
    const first = loadOnnx(bytes);
    const config = JSON.parse(JSON.stringify(first.toJSON()));
    const again = modelFromConfig(config, { weights: first.parameters, layers: { constant, operation } });
    const backend = await testBackend();
    for (const model of [first, again, loadOnnx(toOnnx(first))]) {
      const predictor = await createPredictor(model, { backend });
      for (const set of [0, 1, 2]) {
        const [x, y] = await Promise.all(
          ["input", "output"].map(async (kind) =>
            loadOnnxTensor((await conformanceBytes(`models/mnist-8/test_data_set_${set}/${kind}_0.pb`)) as Uint8Array),
          ),
        );
        const [got] = await predictor.predict(Float32Array.from(x?.data ?? []));
        expect(got?.shape).toEqual([1, 10]);
        // Sums of 256 products of f32, each of the size of the largest result.
        const largest = y?.data.reduce((most, one) => Math.max(most, Math.abs(one)), 0) ?? 0;
        expectWithin(`set ${set}`, got?.data, y?.data ?? [], () => 16 * 2 ** -24 * 8 * largest);
      }
      predictor.dispose();
    }
    backend.dispose();
  },
);
